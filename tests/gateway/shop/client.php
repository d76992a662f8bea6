<?php
// A shop's client as shops write them: it signs what json_encode prints, sends
// an empty message id and members that no table lists, and verifies an answer
// over the text that it cuts out of the raw body.
//
//     SIGN_KEY=… php client.php GATEWAY PARTNER ORDER RETURN_URL
//
// The key comes from the environment: arguments are in every process list.

declare(strict_types=1);

[, $gateway, $partner, $order, $return] = $argv;
$key = getenv('SIGN_KEY') ?: fail('set SIGN_KEY to the partner\'s key');

function fail(string $why): never
{
    fwrite(STDERR, $why . "\n");
    exit(1);
}

/** Sends a request by HTTP: the status line, the headers and the body. */
function send(string $method, string $url, string $type, string $content): array
{
    $context = stream_context_create(['http' => [
        'method' => $method,
        'header' => "Content-Type: $type\r\n",
        'content' => $content,
        'ignore_errors' => true,
        'follow_location' => 0,
        'timeout' => 60,
    ]]);
    $body = file_get_contents($url, false, $context);
    if ($body === false) {
        fail("no answer from $url");
    }
    return [$http_response_header[0], $http_response_header, $body];
}

/** Calls the API and gives the answer's body, once its signature holds. */
function call(string $path, array $body): array
{
    global $gateway, $partner, $key;
    $request = json_encode([
        'header' => [
            'version' => '1.0',
            'partnerNo' => $partner,
            'reqMsgId' => '',
            'reqTime' => date('c'),
            'signType' => 'SHA256',
        ],
        'body' => $body,
    ]);
    $signature = hash('sha256', $request . $key);
    $document = '{"request":' . $request . ',"signature":"' . $signature . '"}';
    [, , $raw] = send('POST', $gateway . $path, 'application/json', $document);
    if (!preg_match('/"response":(.*),"signature":"(.*)"/s', $raw, $cut)) {
        fail("no answer can be cut out of $raw");
    }
    if (!hash_equals(hash('sha256', $cut[1] . $key), $cut[2])) {
        fail("the signature does not hold: $raw");
    }
    return json_decode($cut[1], true)['body'];
}

function refund(string $order, string $number, int $amount): array
{
    return call('/api/common/refund', [
        'refundNo' => $number,
        'partnerOrderNo' => $order,
        'orderAmount' => $amount,
        'operatorId' => '',
        'tradeSummary' => true,
    ]);
}

function tell(string $step, array $body): void
{
    $status = $body['status'] ?? '-';
    echo "$step: code {$body['code']} status $status\n";
}

$created = call('/api/online/create', [
    'storeNo' => '1',
    'partnerOrderNo' => $order,
    'wallet' => 'alipay',
    'orderAmount' => 1000,
    'currency' => 'JPY',
    'orderTitle' => '信息 / Tea & "cake" 💴',
    'operatorId' => '',
    'returnUrl' => $return,
    'tradeSummary' => true,
]);
tell('create', $created);

$query = ['partnerOrderNo' => $order];
tell('query', call('/api/common/payQuery', $query));

// The page's own form, as a browser would send it.
[, , $page] = send('GET', $created['payUrl'], 'text/plain', '');
$form = new PayPage($page);
[$status, $headers] = send('POST', $created['payUrl'], 'application/x-www-form-urlencoded', $form->choice('Pay'));
echo 'paid: ' . explode(' ', $status)[1] . ' ' . implode(' ', preg_grep('/^location:/i', $headers)) . "\n";

tell('query', call('/api/common/payQuery', $query));
tell('refund of 400', refund($order, $order . '-1', 400));
tell('refund of 601', refund($order, $order . '-2', 601));
tell('refund of 600', refund($order, $order . '-3', 600));
tell('refund of 600 again', refund($order, $order . '-3', 600));
tell('refund of 1', refund($order, $order . '-4', 1));
tell('query', call('/api/common/payQuery', $query));

/** Finds a button of the page and what its form sends. */
class PayPage
{
    public function __construct(private string $page)
    {
    }

    public function choice(string $label): string
    {
        $button = '/<button[^>]*name="([^"]*)" value="([^"]*)">' . preg_quote($label) . '</';
        if (!str_contains($this->page, '<form method="post">') || !preg_match($button, $this->page, $found)) {
            fail("there is no button $label on the page: {$this->page}");
        }
        return http_build_query([$found[1] => $found[2]]);
    }
}
