use crate::policy::{Demand, PROFILE, PROFILE_YAML, Profile, Sources, build};

#[test]
fn must_read_a_profile_and_nothing_else() {
    for profile in Profile::ALL {
        assert_eq!(Profile::from_yaml(&profile.yaml()), Ok(profile));
        assert_eq!(Profile::parse(&profile.encode()), Ok(profile));
    }
    let at = |text: &str| Profile::from_yaml(text).map_err(|(line, _, why)| (line, why)).unwrap_err();
    assert_eq!(at("# a\nprofile: local\n\"gate\": true\n"), (3, "it has no key \"gate\"; it has profile alone".into()));
    assert_eq!(at("# a\n\nprofile: strict\n").0, 3);
    assert!(at("profile: strict").1.contains("local, push-gate, research"));
    assert_eq!(at("profile: [local]").0, 1);
    assert_eq!(at("").1, "it is a map with profile: in it");
    assert_eq!(at("{}").1, "it names no profile");
    assert!(at("profile: local\nprofile: research\n").1.contains("twice"));
    assert!(at("profile: &a local").1.contains("anchors"));
}

#[test]
fn must_take_a_name_for_what_its_signers_read() {
    let text = String::from_utf8(Profile::Research.encode()).unwrap();
    assert_eq!(text, r#"{"demands":["fast-forward","fold","receipts"],"gatos":"profile/1","profile":"research"}"#);
    for other in [
        text.replace("\"fold\",", ""),
        text.replace("research", "push-gate"),
        text.replace("profile/1", "profile/2"),
        text.replace(":", ": "),
        text.replace("\"profile\":", "\"x\":1,\"profile\":"),
        "{}".into(),
    ] {
        assert!(Profile::parse(other.as_bytes()).is_err(), "{other}");
    }
}

#[test]
fn each_profile_demands_what_the_one_before_it_does() {
    for pair in Profile::ALL.windows(2) {
        assert!(pair[0].demands().iter().all(|d| pair[1].asks(*d)), "{pair:?}");
        assert!(pair[0].demands().len() < pair[1].demands().len());
    }
    assert!(!Profile::PushGate.asks(Demand::FastForward));
}

#[test]
fn a_bundle_carries_the_profile_of_its_sources() {
    let built = |text: &str| build(&Sources::from([(PROFILE_YAML.to_owned(), text.as_bytes().to_vec())]));
    let research = built("profile: research\n").unwrap();
    assert_eq!(research.files.get(PROFILE), Some(&Profile::Research.encode()));
    assert_eq!(research.files.get("profile.yaml").map(Vec::as_slice), Some(&b"profile: research\n"[..]));
    // No profile is the profile local: one meaning, one form.
    assert_eq!(built("profile: local\n").unwrap().files, build(&Sources::new()).unwrap().files);
    let faults = built("profile: local\ngate: x\n").unwrap_err();
    assert_eq!((faults[0].0.as_str(), faults[0].1.line), (PROFILE_YAML, 2));
}
