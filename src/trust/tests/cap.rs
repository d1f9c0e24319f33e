use crate::trust::Cap;

fn cap(text: &str) -> Cap {
    text.parse().unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn capabilities_are_read_as_they_are_written() {
    let longest = format!("a:b:{}", "x".repeat(196));
    for text in [
        "job:work",
        "journal:append:finance",
        "bus:publish:deploy.*",
        "state:checkpoint:*",
        "push:ref:refs/heads/Main:x",
        &longest,
    ] {
        assert_eq!(cap(text).to_string(), text);
    }
    let long = format!("a:b:{}", "x".repeat(197));
    for text in [
        "",
        "job",
        ":",
        "job:",
        ":work",
        "job:work:",
        "Job:work",
        "job:Work",
        "1ob:work",
        "j b:work",
        "job:work:a b",
        "job:work:*a",
        "job:work:a**",
        "job:work:**",
        "*:*",
        "job:*",
        "job:work:ä",
        "job:work:a\n",
        &long,
    ] {
        assert!(text.parse::<Cap>().is_err(), "{text:?}");
    }
}

#[test]
fn must_cover_what_is_asked_and_nothing_more() {
    let covered = [
        ("job:work", "job:work"),
        ("journal:append:finance", "journal:append:finance"),
        ("journal:append:fin*", "journal:append:finance"),
        ("journal:append:fin*", "journal:append:fin"),
        ("journal:append:fin*", "journal:append:fin*"),
        ("journal:append:fin*", "journal:append:fina*"),
        ("journal:append:*", "journal:append:fin*"),
        ("journal:append:*", "journal:append:*"),
        ("journal:append:*", "journal:append"),
    ];
    for (held, asked) in covered {
        assert!(cap(held).covers(&cap(asked)), "{held} covers {asked}");
    }
    let not = [
        ("job:work", "job:works"),
        ("job:work", "jobs:work"),
        ("journal:append", "journal:append:finance"),
        ("journal:append", "journal:append:*"),
        ("journal:append:fin*", "journal:append"),
        ("journal:append:finance", "journal:append"),
        ("journal:append:finance", "journal:append:finances"),
        ("journal:append:finance", "journal:append:fin"),
        ("journal:append:finance", "journal:append:finance*"),
        ("journal:append:fin*", "journal:append:fi"),
        ("journal:append:fin*", "journal:append:f*"),
        ("journal:append:fin*", "journal:append:*"),
        ("journal:append:*", "journal:read:x"),
    ];
    for (held, asked) in not {
        assert!(!cap(held).covers(&cap(asked)), "{held} does not cover {asked}");
    }
    let roots = Cap::of_roots();
    assert!(roots.covers(&cap("job:work")) && roots.covers(&cap("trust:grant")) && roots.covers(&cap("gate:other:*")));
    assert!(!roots.covers(&cap("gate:receipt")) && !roots.covers(&cap("gate:receipt:*")));
    assert_eq!(roots.to_string(), "*:*");
}

/// Every glob over two letters and a star up to this length.
fn globs() -> Vec<Option<String>> {
    let mut texts = vec![String::new()];
    for _ in 0..3 {
        let longer: Vec<String> = texts.iter().flat_map(|t| [format!("{t}a"), format!("{t}b")]).collect();
        texts.extend(longer);
    }
    texts.sort();
    texts.dedup();
    let starred = texts.iter().map(|t| format!("{t}*"));
    let plain = texts.iter().filter(|t| !t.is_empty()).cloned();
    std::iter::once(None).chain(starred.chain(plain).map(Some)).collect()
}

/// Whether a literal object is in the set that a glob stands for; no object is a thing of its own.
fn holds(glob: Option<&str>, object: Option<&str>) -> bool {
    match (glob, object) {
        (None, object) => object.is_none(),
        (Some("*"), None) => true,
        (Some(_), None) => false,
        (Some(glob), Some(object)) => match glob.strip_suffix('*') {
            Some(stem) => object.starts_with(stem),
            None => object == glob,
        },
    }
}

#[test]
fn covering_is_containment_of_sets() {
    // Objects of one letter more than the globs tell every two of them apart.
    let mut objects: Vec<Option<String>> = vec![None];
    let mut texts = vec![String::new()];
    for _ in 0..5 {
        texts = texts.iter().flat_map(|t| [format!("{t}a"), format!("{t}b")]).collect();
        objects.extend(texts.iter().cloned().map(Some));
    }
    let name = |glob: &Option<String>| glob.as_ref().map_or("a:b".to_owned(), |g| format!("a:b:{g}"));
    let all = globs();
    for held in &all {
        for asked in &all {
            let within = objects
                .iter()
                .filter(|object| holds(asked.as_deref(), object.as_deref()))
                .all(|object| holds(held.as_deref(), object.as_deref()));
            let covers = cap(&name(held)).covers(&cap(&name(asked)));
            assert_eq!(covers, within, "{} covers {}", name(held), name(asked));
        }
    }
}
