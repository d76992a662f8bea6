//! The sandbox's page in a browser that people use: Chromium, driven over
//! WebDriver. Without it the test is skipped, and says so.

use std::fs;

use crate::browser::Browser;
use crate::client::{Session, shop, start};
use crate::receiver::Receiver;
use crate::sandbox::{checkout_of, create};

/// A folder to leave pictures of the page in, for people to look at.
const PICTURES: &str = "TEST_PICTURES";

// The browser is waited for on the test's own thread; the gateway and the
// receivers go on beside it on others.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_pays_or_declines_on_the_page_and_is_led_back_to_the_shop() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    let shop_page = Receiver::start(&[(200, "<h1>Thank you</h1>")]).await;
    let told = Receiver::start(&[(200, "success")]).await;
    let light = ("pay", "light", "rgb(242, 244, 247)", 1);
    let dark = ("decline", "dark", "rgb(16, 21, 28)", 2);
    for (choice, scheme, ground, status) in [light, dark] {
        let back = shop_page.url(&format!("/back/{choice}"));
        let mut request = checkout_of(choice);
        request.return_url = Some(back.clone());
        request.notify_url = Some(told.url("/"));
        let created = create(&mut session, "/api/online/create", &request).await;
        let url = created.member("payUrl");
        let url = url.as_str().unwrap();

        browser.look_on_phone(360, scheme);
        browser.allow_scripts(true);
        browser.go(url);
        assert_eq!(browser.text("h1"), "Pay JPY 1,000");
        assert!(browser.text("dl").contains("Tea & <b>cake</b>"));
        // It fits a phone, and shows its colours.
        let overflow = "return document.documentElement.scrollWidth - innerWidth;";
        assert_eq!(browser.run(overflow), 0);
        let colour = "return getComputedStyle(document.body).backgroundColor;";
        assert_eq!(browser.run(colour), ground);
        leave_picture(&browser, scheme);

        browser.allow_scripts(false);
        browser.go(url);
        browser.click(&format!("button[value={choice}]"));
        browser.wait_for_address(&back);
        assert_eq!(session.query(choice).await.member("status"), status);

        browser.go(url);
        leave_picture(&browser, choice);
        browser.click("a.button");
        browser.wait_for_address(&back);
    }
    assert_eq!(told.wait_for(1).await.len(), 1, "only what is paid is told");
}

/// Leaves a picture for people, where they have asked for it.
fn leave_picture(browser: &Browser, name: &str) {
    let picture = browser.picture();
    assert!(picture.starts_with(b"\x89PNG"));
    if let Some(folder) = std::env::var_os(PICTURES) {
        let path = std::path::Path::new(&folder).join(format!("{name}.png"));
        fs::write(path, picture).unwrap();
    }
}
