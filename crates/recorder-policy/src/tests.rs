use crate::{Capture, Count, OnRecorderError, Policy, Setting, Shape, Window, switches};
use std::collections::HashSet;
use std::ffi::OsString;

fn text_of(setting: &Setting) -> String {
    match setting {
        Setting::Text(text) => text.clone(),
        Setting::Bool(on) => on.to_string(),
        Setting::Choice(word) => (*word).to_owned(),
        Setting::Path(path) => path.display().to_string(),
        Setting::Count(n) => n.to_string(),
    }
}

#[test]
fn every_switch_is_named_once_and_takes_its_default_as_text() {
    let mut names = HashSet::new();
    for switch in switches() {
        let flag = format!("--{}", switch.key.replace('_', "-"));
        assert_eq!(switch.flag, flag);
        for name in [Some(switch.key), Some(switch.flag), switch.env]
            .into_iter()
            .flatten()
        {
            assert!(names.insert(name), "{name} is declared twice");
        }
        let mut policy = Policy::default();
        let text = text_of(&switch.default);
        policy.set(switch.key, &text, "test").unwrap();
        assert_eq!(policy, Policy::default(), "{}", switch.key);
    }
}

#[test]
fn texts_become_values() {
    let default = Policy::default;
    let cases = [
        ("on_recorder_error", " disable ", {
            Policy {
                on_recorder_error: OnRecorderError::Disable,
                ..default()
            }
        }),
        (
            "keep_partial_trace",
            "YES",
            Policy {
                keep_partial_trace: true,
                ..default()
            },
        ),
        ("keep_partial_trace", " f", default()),
        (
            "capture",
            "calls",
            Policy {
                capture: Capture::Calls,
                ..default()
            },
        ),
        (
            "all",
            "1",
            Policy {
                all: true,
                ..default()
            },
        ),
        (
            "max_items",
            " 1000 ",
            Policy {
                max_items: Count(1000),
                ..default()
            },
        ),
        (
            "trace_dir",
            "a b",
            Policy {
                trace_dir: "a b".into(),
                ..default()
            },
        ),
    ];
    for (key, text, expected) in cases {
        let mut policy = default();
        policy.set(key, text, "test").unwrap();
        assert_eq!(policy, expected, "{key}={text}");
    }
}

#[test]
fn bad_texts_are_refused_with_key_value_and_what_is_allowed() {
    let cases = [
        ("capture", "all", Some("calls, lines, values")),
        ("capture", "Calls", Some("calls, lines, values")),
        ("on_recorder_error", "", Some("abort, disable")),
        (
            "all",
            "maybe",
            Some("1, true, t, yes, y, 0, false, f, no, n"),
        ),
        ("trace_dir", "", Some("a path that is not empty")),
        ("max_items", "0", Some("a whole number from 1 to 1000")),
        ("max_items", "1001", Some("a whole number from 1 to 1000")),
        ("max_depth", "-1", Some("a whole number from 1 to 64")),
        ("max_string", "many", Some("a whole number from 1 to 16000")),
        ("nonsense", "1", None),
    ];
    for (key, text, allowed) in cases {
        let mut policy = Policy::default();
        let error = policy.set(key, text, "--x").unwrap_err();
        assert_eq!(error.code().name(), "ERR_INVALID_POLICY_VALUE");
        assert_eq!(error.context().get("key"), Some(key));
        assert_eq!(error.context().get("from"), Some("--x"));
        if let Some(allowed) = allowed {
            assert_eq!(error.context().get("allowed"), Some(allowed));
            assert_eq!(error.context().get("value"), Some(text));
        }
        assert_eq!(policy, Policy::default());
    }
}

#[test]
fn the_environment_is_applied_whole_or_not_at_all() {
    let with = |pairs: &'static [(&str, &str)]| {
        move |name: &str| {
            let found = pairs.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        }
    };
    let mut policy = Policy::default();
    policy
        .apply_env(with(&[("CODETRACER_CAPTURE", "lines"), ("OTHER", "x")]))
        .unwrap();
    assert_eq!(policy.capture, Capture::Lines);

    let mut policy = Policy::default();
    let error = policy
        .apply_env(with(&[
            ("CODETRACER_CAPTURE", "lines"),
            ("CODETRACER_ALL", "perhaps"),
        ]))
        .unwrap_err();
    assert!(error.message().contains("CODETRACER_ALL"), "{error}");
    assert_eq!(policy, Policy::default());
}

#[test]
fn settings_follow_the_table() {
    let rows = switches();
    let settings = Policy::default().settings();
    assert_eq!(rows.len(), settings.len());
    for (row, (key, setting)) in rows.iter().zip(settings) {
        assert_eq!((row.key, &row.default), (key, &setting));
        let matches = matches!(
            (row.shape, &setting),
            (Shape::Bool, Setting::Bool(_))
                | (Shape::Choice(_), Setting::Choice(_))
                | (Shape::Path | Shape::MaybePath, Setting::Path(_))
                | (Shape::Count(..), Setting::Count(_))
                | (Shape::Window, Setting::Text(_))
        );
        assert!(matches, "{key}");
    }
}

#[test]
fn windows_are_sizes_or_times() {
    let mib = |n: u64| n << 20;
    for (text, bytes, shown) in [
        ("", None, ""),
        (" 32M ", Some(mib(32)), "32M"),
        ("500k", Some(500 << 10), "500K"),
        ("384K", Some(384 << 10), "384K"),
        ("1024G", Some(1 << 40), "1024G"),
        ("1s", None, "1s"),
        ("86400s", None, "86400s"),
    ] {
        let window = Window::read(text).unwrap();
        assert_eq!(
            (window.bytes(), window.to_string().as_str()),
            (bytes, shown)
        );
    }
    for text in [
        "32",
        "M",
        "s",
        "383K",
        "1025G",
        "0s",
        "86401s",
        "-1M",
        "+1M",
        "1 M",
        "1.5M",
        "1T",
        "30S",
        "99999999999999999999M",
        "18014398509481985K",
    ] {
        assert_eq!(Window::read(text), None, "{text}");
    }
}
