//! Request targets: paths that are no call's, and other forms of the right one.

use super::{RawRequest, refused};
use crate::generate::mutation::Mutation;

/// Paths that are no call's.
pub fn other_paths(request: &RawRequest) -> Vec<Mutation> {
    let path = &request.target;
    let parent = parent_of(path);
    [
        "/".to_owned(),
        parent.to_owned(),
        format!("{path}s"),
        format!("{path}/x"),
        format!("{parent}/refund.php"),
        format!("{path}%00"),
        "*".to_owned(),
    ]
    .into_iter()
    .map(|target| {
        let changed = request.clone().with_target(&target);
        refused(format!("the path {target}"), changed.bytes())
    })
    .collect()
}

/// Other forms of the right target. Proxies and frameworks normalise some of
/// them and turn others away; each is the one refund that it names, or none.
pub fn target_forms(request: &RawRequest) -> Vec<Mutation> {
    let path = &request.target;
    let parent = parent_of(path);
    let last = path.rsplit('/').next().unwrap_or(path);
    let host = host_of(request);
    let escaped = last
        .bytes()
        .next()
        .map_or_else(String::new, |first| format!("%{first:02x}{}", &last[1..]));
    [
        ("a query", format!("{path}?a=b")),
        ("an absolute target", format!("http://{host}{path}")),
        ("a slash at the end", format!("{path}/")),
        ("two slashes at the start", format!("/{path}")),
        ("two slashes inside", format!("{parent}//{last}")),
        (
            "a path with an escaped letter",
            format!("{parent}/{escaped}"),
        ),
        ("a path with /./", format!("{parent}/./{last}")),
        ("a path with /../", format!("{parent}/x/../{last}")),
        (
            "a path with an escaped /../",
            format!("{parent}/x/%2e%2e/{last}"),
        ),
        ("an escaped slash", format!("{parent}%2f{last}")),
        ("a path in upper case", path.to_uppercase()),
        ("a parameter in the path", format!("{path};a=b")),
        ("a fragment", format!("{path}#a")),
    ]
    .into_iter()
    .map(|(label, target)| Mutation::open(label, request.clone().with_target(target).bytes()))
    .collect()
}

fn parent_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(parent, _)| parent)
}

fn host_of(request: &RawRequest) -> &str {
    request
        .headers
        .iter()
        .find_map(|line| line.strip_prefix("Host: "))
        .unwrap_or("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_another_spelling_of_the_right_target() {
        let request = RawRequest::post("h:1", "/api/common/refund", "{}");
        let forms: Vec<String> = target_forms(&request)
            .iter()
            .map(|form| {
                let text = String::from_utf8_lossy(&form.document).into_owned();
                text.split(' ').nth(1).unwrap().to_owned()
            })
            .collect();
        assert!(forms.contains(&"/api/common/%72efund".to_owned()));
        assert!(forms.contains(&"http://h:1/api/common/refund".to_owned()));
        assert!(forms.contains(&"/api/common/x/%2e%2e/refund".to_owned()));
        assert!(!forms.contains(&request.target));
    }
}
