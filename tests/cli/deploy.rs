//! The files under deploy/ are what they say: their own command lines are run.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::{Gateway, Run, Workplace};

fn text_of(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(name);
    std::fs::read_to_string(file).expect("the file is there")
}

/// All documents of a YAML file.
fn yaml(name: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&text_of(name)).expect("it is YAML")
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().expect("a list");
    let texts = list.iter().map(|text| text.as_str().expect("a text"));
    texts.map(str::to_owned).collect()
}

/// A shell script, as a runner starts it, with `recoup` on its path.
fn script(workplace: &Workplace, text: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_recoup"));
    let folder = binary.parent().expect("a folder").display();
    let path = std::env::var("PATH").expect("a path");
    let mut command = Command::new("bash");
    command
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", text])
        .current_dir(workplace.path(""))
        .env("PATH", format!("{folder}:{path}"))
        .env("HOME", workplace.path("home"))
        .env("RECOUP_SIGN_KEY", "123456")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.env_remove("GITHUB_ACTIONS");
    command
}

/// The files in the folders of `parent` whose names hold `part`.
fn found(parent: &Path, part: &str, file: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).expect("the folder is there");
    let entries = entries.map(|entry| entry.expect("an entry"));
    entries
        .filter(|entry| entry.file_name().to_string_lossy().contains(part))
        .map(|entry| entry.path().join(file))
        .filter(|path| path.is_file())
        .collect()
}

#[test]
fn the_action_runs_what_its_inputs_say_and_ends_by_the_exit_code() {
    let action = yaml("action.yml").remove(0);
    let steps = action["runs"]["steps"].as_array().expect("steps");
    let run = steps
        .iter()
        .find(|step| step["id"] == "run")
        .expect("the step that runs");
    let inputs = action["inputs"].as_object().expect("inputs");
    for (variable, value) in run["env"].as_object().expect("variables") {
        let name = value
            .as_str()
            .and_then(|text| text.strip_prefix("${{ inputs.")?.strip_suffix(" }}"))
            .expect("an input");
        assert!(inputs.contains_key(name), "{variable}: {name}");
    }
    let text = run["run"].as_str().expect("a script");
    assert!(!text.contains("${{"), "inputs are no part of the script");

    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory"]);
    let ends = |baseline: &str, code: i32| {
        let mut command = script(&workplace, text);
        for variable in run["env"].as_object().expect("variables").keys() {
            command.env(variable, "");
        }
        command
            .env("COMMAND", "check")
            .env("TARGET", &gateway.url)
            .env("BASELINE", baseline)
            .env("ARGUMENTS", "--only refunding.full\n --jobs  1")
            .env("GITHUB_OUTPUT", workplace.path("output"))
            .env("GITHUB_STEP_SUMMARY", workplace.path("summary"));
        Run::of(command).expect(code);
        std::fs::read_to_string(workplace.path("output")).expect("outputs")
    };
    assert_eq!(ends("", 0), "exit-code=0\n");
    let summary = std::fs::read_to_string(workplace.path("summary")).expect("a summary");
    assert!(summary.contains("recoup check: pass"), "{summary}");
    let kept = found(&workplace.path("recoup-reports"), "-check", "report.html");
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(ends("none.toml", 2), "exit-code=0\nexit-code=2\n");
}

#[test]
fn the_job_of_gitlab_leaves_a_junit_report_where_it_is_looked_for() {
    let file = yaml("gitlab-ci.yml").remove(0);
    let job = &file["recoup"];
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory"]);
    let mut command = script(&workplace, &texts(&job["script"]).join("\n"));
    for (name, value) in job["variables"].as_object().expect("variables") {
        command.env(name, value.as_str().expect("a text"));
    }
    command
        .env("RECOUP_TARGET", &gateway.url)
        .env("RECOUP_ONLY", "refunding.full")
        .env("RECOUP_DURATION", "1s")
        .env("RECOUP_WARMUP", "0s")
        .env("RECOUP_USERS", "4");
    Run::of(command).expect(0);
    let artifacts = &job["artifacts"];
    assert_eq!(artifacts["reports"]["junit"], "reports/*-gate*/junit.xml");
    assert_eq!(artifacts["when"], "always");
    let reports = found(&workplace.path("reports"), "-gate", "junit.xml");
    assert_eq!(reports.len(), 1, "{reports:?}");
}

#[test]
fn the_image_asks_a_gateway_for_its_health_and_is_not_root() {
    let file = text_of("Containerfile");
    let line = file
        .lines()
        .find_map(|line| line.trim().strip_prefix("CMD [\"bash\""))
        .expect("a health check");
    let words: Value = serde_json::from_str(&format!("[\"bash\"{line}")).expect("a JSON list");
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory"]);
    let port = gateway.url.rsplit_once(':').expect("a port").1.to_owned();
    let is_well = || {
        let words = texts(&words);
        let script = words[2].replace("8080", &port);
        let mut command = Command::new(&words[0]);
        command.args([&words[1], &script]).stderr(Stdio::null());
        command.status().expect("bash is there").success()
    };
    assert!(is_well());
    drop(gateway);
    assert!(!is_well());
    let user = file
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("USER "));
    assert_eq!(user, Some("65532:65532"));
}

/// What a container of the manifest is started with, on this machine.
struct Container<'a> {
    workplace: &'a Workplace,
    spec: &'a Value,
    gateway: &'a Gateway,
}

impl Container<'_> {
    /// Its arguments, with variables and paths put in as Kubernetes does.
    fn arguments(&self, index: usize) -> Vec<String> {
        let mut variables = vec![("JOB_COMPLETION_INDEX".to_owned(), index.to_string())];
        for variable in self.spec["env"].as_array().expect("variables") {
            let name = variable["name"].as_str().expect("a name");
            let value = match name {
                "TARGET" => self.gateway.url.clone(),
                // One machine has each port once.
                "METRICS" => "127.0.0.1:0".to_owned(),
                "RECOUP_SIGN_KEY" => continue,
                _ => variable["value"].as_str().expect("a value").to_owned(),
            };
            variables.push((name.to_owned(), value));
        }
        let here = |argument: String| {
            let argument = variables.iter().fold(argument, |argument, (name, value)| {
                argument.replace(&format!("$({name})"), value)
            });
            assert!(!argument.contains("$("), "{argument}");
            argument
                .strip_prefix('/')
                .map(str::to_owned)
                .unwrap_or(argument)
        };
        texts(&self.spec["args"]).into_iter().map(here).collect()
    }

    fn start(&self, arguments: &[String]) -> Child {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = self.workplace.recoup(&arguments);
        command.env("RECOUP_SIGN_KEY", "123456");
        if arguments[0] == "load" {
            // A load that a test has the time for.
            command
                .env("RECOUP_USERS", "9")
                .env("RECOUP_RATE", "60")
                .env("RECOUP_DURATION", "2s")
                .env("RECOUP_WARMUP", "0s")
                .env("RECOUP_THRESHOLD", "errors<=0%");
        }
        command.spawn().expect("the binary starts")
    }
}

fn ended(child: Child) -> Run {
    Run::from(child.wait_with_output().expect("it ends"))
}

fn report(workplace: &Workplace, folder: &str) -> Value {
    let file = workplace.path(folder).join("latest/report.json");
    let text = std::fs::read_to_string(file).expect("a report");
    serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn the_manifest_s_shards_and_their_merge_do_what_one_machine_does() {
    let documents = yaml("kubernetes-job.yaml");
    let [config, _, load, merge] = documents.as_slice() else {
        panic!("a scenario, a claim and two jobs, not {}", documents.len());
    };
    let spec = &load["spec"];
    let machines = spec["completions"].as_u64().expect("a count");
    assert_eq!(spec["completionMode"], "Indexed");
    assert_eq!(spec["parallelism"], machines);
    assert_eq!(
        spec["backoffLimitPerIndex"], 0,
        "a failed shard ends itself alone"
    );
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["restartPolicy"], "Never");
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);

    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory"]);
    std::fs::create_dir(workplace.path("scenario")).expect("it is new");
    let scenario = config["data"]["scenario.toml"]
        .as_str()
        .expect("a scenario");
    workplace.write("scenario/scenario.toml", scenario);
    let shard = Container {
        workplace: &workplace,
        spec: &pod["containers"][0],
        gateway: &gateway,
    };
    let machines = usize::try_from(machines).expect("a few");
    let shards: Vec<Child> = (0..machines)
        .map(|index| shard.start(&shard.arguments(index)))
        .collect();
    for child in shards {
        ended(child).expect_success_if_in_time();
    }

    let merge = &merge["spec"]["template"]["spec"];
    let wait = texts(&merge["initContainers"][0]["command"]);
    let numbers: Vec<String> = (0..machines).map(|index| index.to_string()).collect();
    let list = format!("for shard in {}; do", numbers.join(" "));
    assert!(wait[2].contains(&list), "{}", wait[2]);
    let merging = Container {
        workplace: &workplace,
        spec: &merge["containers"][0],
        gateway: &gateway,
    };
    // How far apart processes of a busy machine begin is not what is tested.
    let run = ended(merging.start(&merging.arguments(0)));
    assert!(matches!(run.code, 0 | 3), "{}{}", run.stdout, run.stderr);

    let mut alone = shard.arguments(0);
    let at = |name: &str, arguments: &[String]| {
        let place = arguments.iter().position(|argument| argument == name);
        place.expect("the manifest has the flag")
    };
    let shard_flag = at("--shard", &alone);
    alone.drain(shard_flag..shard_flag + 2);
    let folder = at("--report", &alone) + 1;
    "runs/alone".clone_into(&mut alone[folder]);
    ended(shard.start(&alone)).expect_success_if_in_time();

    let one = report(&workplace, "runs/alone");
    let together = report(&workplace, "runs/first/merged");
    assert_eq!(together["audit"]["verdict"], "pass");
    assert_eq!(one["load"]["requests"], 120, "60 a second for 2 s");
    for figure in [
        "/load/requests",
        "/load/failed",
        "/load/users",
        "/audit/orders",
    ] {
        assert_eq!(together.pointer(figure), one.pointer(figure), "{figure}");
    }
}
