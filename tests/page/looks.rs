//! What the page looks like: nothing overflows, nothing is cut off or runs into
//! anything else, and everything stands out from what is behind it.

use serde_json::Value;

use super::browser::Browser;
use super::report;

/// A phone, a laptop, a desk.
const WIDTHS: [u32; 3] = [360, 1_000, 1_600];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// Everything unfolded, so that all of it is looked at.
const UNFOLD: &str = "document.querySelectorAll('details').forEach(part => { part.open = true; });";

/// Texts that leave the window, their block, or their picture. What scrolls
/// within its own box may be wider than it.
const CUT: &str = r#"
  const scrolls = element => {
    for (; element; element = element.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(element).overflowX)) return true;
    }
    return false;
  };
  const blockOf = element => {
    while (element && getComputedStyle(element).display.startsWith("inline")) element = element.parentElement;
    return element;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, style, title, desc, option, [hidden]")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    if (text.width === 0) continue;
    const svg = parent.closest("svg");
    const box = (svg || blockOf(parent)).getBoundingClientRect();
    const isOut = text.left < box.left - 1 || text.right > box.right + 1;
    const leaves = text.left < -1 || text.right > innerWidth + 1;
    if ((svg && isOut) || (!scrolls(parent) && (isOut || leaves))) {
      found.push(parent.tagName + "." + parent.className + ": " + node.data.trim().slice(0, 60));
    }
  }
  return found.slice(0, 10);
"#;

/// Labels of one picture that overlap each other.
const OVERLAPS: &str = r#"
  const found = [];
  document.querySelectorAll("svg.chart, svg.picture").forEach(svg => {
    const labels = Array.from(svg.querySelectorAll("text"));
    const boxes = labels.map(label => label.getBoundingClientRect());
    const slack = 0.15 * (boxes.length ? boxes[0].height : 0);
    for (let a = 0; a < boxes.length; a++) {
      for (let b = 0; b < a; b++) {
        const over = Math.min(boxes[a].right, boxes[b].right) - Math.max(boxes[a].left, boxes[b].left) > 0.5
          && Math.min(boxes[a].bottom, boxes[b].bottom) - Math.max(boxes[a].top, boxes[b].top) > slack;
        if (over) found.push(labels[a].textContent + " / " + labels[b].textContent);
      }
    }
  });
  return found.slice(0, 10);
"#;

/// Texts with less contrast than WCAG's AA asks of small ones.
const FAINT: &str = r#"
  const parse = color => (color.match(/[\d.]+/g) || []).map(Number);
  const light = color => {
    const [r, g, b] = parse(color).slice(0, 3).map(part => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (; element; element = element.parentElement) {
      const color = getComputedStyle(element).backgroundColor, parts = parse(color);
      if (parts.length === 3 || parts[3] === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, style, title, desc, option, svg.picture")) continue;
    const style = getComputedStyle(parent);
    const ink = parent.closest("svg") ? style.fill : style.color;
    const [a, b] = [light(ink), light(behind(parent))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.add(parent.tagName + "." + parent.className + " " + contrast.toFixed(2));
  }
  return Array.from(found).slice(0, 10);
"#;

/// What reaches beyond the window, and is not scrolled by itself.
const TOO_WIDE: &str = r#"
  const scrolled = e => e.parentElement && (getComputedStyle(e.parentElement).overflowX !== "visible" || scrolled(e.parentElement));
  return Array.from(document.querySelectorAll("body *"))
    .filter(e => e.getBoundingClientRect().right > innerWidth && !scrolled(e))
    .map(e => e.tagName + "." + e.getAttribute("class") + " " + e.textContent.slice(0, 60))
    .slice(0, 10);
"#;

#[track_caller]
fn assert_none(found: &Value, what: &str) {
    assert_eq!(found, &serde_json::json!([]), "{what}");
}

#[test]
fn nothing_overflows_is_cut_off_or_overlaps_at_any_width_light_or_dark() {
    let Some(browser) = Browser::start() else {
        return;
    };
    for (width, scheme) in WIDTHS
        .iter()
        .flat_map(|width| SCHEMES.map(|scheme| (*width, scheme)))
    {
        let at = format!("{width} px, {scheme}");
        browser.look(width, scheme);
        browser.go(&report::url());
        for unfold in ["", UNFOLD] {
            let sizes = browser.run(&format!(
                "{unfold} return [document.scrollingElement.scrollWidth, innerWidth];"
            ));
            assert!(
                sizes[0].as_u64() <= sizes[1].as_u64(),
                "wider than the window at {at}: {sizes}, by {}",
                browser.run(TOO_WIDE)
            );
        }
        assert_none(&browser.run(CUT), &format!("cut off at {at}"));
        assert_none(&browser.run(OVERLAPS), &format!("overlapping at {at}"));
        assert_none(&browser.run(FAINT), &format!("too faint at {at}"));
    }
}

#[test]
fn on_paper_nothing_stays_folded() {
    let Some(browser) = Browser::start() else {
        return;
    };
    browser.go(&report::url());
    let folded = browser.run("return document.querySelectorAll('details:not([open])').length;");
    assert!(
        folded.as_u64() > Some(0),
        "something is folded on the screen"
    );
    browser.chromium(
        "Emulation.setEmulatedMedia",
        &serde_json::json!({ "media": "print" }),
    );
    let hidden = browser.run(
        r#"return Array.from(document.querySelectorAll("details > :not(summary)"))
          .filter(part => part.getBoundingClientRect().height === 0 && !part.hidden && part.textContent.trim())
          .map(part => part.parentElement.id || part.parentElement.className);"#,
    );
    assert_none(&hidden, "folded on paper");
}
