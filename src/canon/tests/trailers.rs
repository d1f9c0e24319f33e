use crate::canon::trailers;
use proptest::prelude::*;

#[test]
fn the_last_paragraph_is_read_when_all_of_it_is_trailers() {
    let message = "add {\"n\":1}\n\n{\"n\":1}\n\nEvent-CID: bafy\nSig: a: b\n";
    assert_eq!(trailers::read(message), [("Event-CID", "bafy"), ("Sig", "a: b")]);
    for none in [
        "",
        "\n",
        "Event-CID: bafy\n",
        "add\n\nEvent-CID: bafy",
        "add\n\nEvent-CID: bafy\n\n",
        "add\n\nEvent-CID: bafy\nno trailer\n",
        "add\n\nEvent-CID:bafy\n",
        "add\n\nEvent-CID: \n",
        "add\n\nEvent CID: bafy\n",
        "add\n\n: bafy\n",
        "add\n\nEvent-CID: bafy\r\n\n",
        "add\n\n Event-CID: bafy\n",
    ] {
        assert_eq!(trailers::read(none), [], "{none:?}");
    }
}

#[test]
fn a_trailer_that_stands_twice_has_no_value() {
    let read = [("Sig", "a"), ("Events", "2"), ("Sig", "b")];
    assert_eq!(trailers::once(&read, "Events"), Some("2"));
    assert_eq!(trailers::once(&read, "Sig"), None);
    assert_eq!(trailers::once(&read, "sig-alg"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_pushed_is_read(lines in prop::collection::vec(("[A-Za-z0-9-]{1,12}", "[!-~é][ -~é]{0,20}"), 1..6)) {
        let mut message = "subject\n\n".to_owned();
        for (name, value) in &lines {
            trailers::push(&mut message, name, value);
        }
        let expected: Vec<(&str, &str)> = lines.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        prop_assert_eq!(trailers::read(&message), expected);
    }

    #[test]
    fn no_text_makes_the_reader_panic(message in "[A-Za-z: \n-]{0,60}|\\PC{0,20}") {
        for (name, value) in trailers::read(&message) {
            let line = format!("{name}: {value}\n");
            prop_assert!(message.contains(&line));
        }
    }
}
