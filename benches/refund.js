// The same work as recoup's in k6: each refund has its own number and is
// signed, each answer's signature is verified over its own text, and its code
// and amount are checked. Settings come by -e: URL, KEY, RUN.
import http from 'k6/http';
import crypto from 'k6/crypto';
import exec from 'k6/execution';
import { check } from 'k6';

const ORDERS = 128;
const HEADERS = { headers: { 'Content-Type': 'application/json' } };
const OPEN = '{"response":';
const MIDDLE = ',"signature":"';

export const options = {
  summaryTrendStats: ['med', 'p(99)'],
};

function sealed(body) {
  const request = JSON.stringify({
    header: {
      requestTime: '2018-07-25T18:06:05+08:00',
      partnerNo: '10001',
      signType: 'SHA256',
      version: '1.0',
      reqMsgId: 'fd03f269318045758af08f6cf324fb0f',
    },
    body,
  });
  const signature = crypto.sha256(request + __ENV.KEY, 'hex');
  return `{"request":${request},"signature":"${signature}"}`;
}

// The body of an answer whose signature holds.
function opened(text) {
  const end = text.lastIndexOf(MIDDLE);
  if (!text.startsWith(OPEN) || end < 0) return null;
  const raw = text.slice(OPEN.length, end);
  const signature = text.slice(end + MIDDLE.length, -2);
  if (crypto.sha256(raw + __ENV.KEY, 'hex') !== signature) return null;
  return JSON.parse(raw).body;
}

export function setup() {
  for (let order = 0; order < ORDERS; order += 1) {
    const payment = sealed({
      storeNo: '100001',
      partnerOrderNo: `${__ENV.RUN}-${order}`,
      barcode: '2800000000000001',
      orderAmount: 1000000000,
    });
    const answer = http.post(`${__ENV.URL}/api/offline/pay`, payment, HEADERS);
    const body = opened(answer.body);
    if (!body || body.code !== 1) throw new Error(`not paid: ${answer.body}`);
  }
}

export default function () {
  const refund = sealed({
    partnerOrderNo: `${__ENV.RUN}-${exec.scenario.iterationInTest % ORDERS}`,
    refundNo: `${__ENV.RUN}-${exec.scenario.iterationInTest}`,
    orderAmount: 1,
  });
  const answer = http.post(`${__ENV.URL}/api/common/refund`, refund, HEADERS);
  const body = answer.status === 200 ? opened(answer.body) : null;
  check(body, {
    'refunded, and signed': (body) => body !== null && body.code === 1 && body.orderAmount === 1,
  });
}
