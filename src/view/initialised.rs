use super::{Page, View};
use crate::canon::{Map, Value};
use crate::node::InitReport;
use std::io::{self, Write as _};

/// What `init` did.
pub struct Initialised(pub InitReport);

/// What somebody types next.
const NEXT: [&str; 3] = ["git gatos emit add '{\"n\": 10}'", "git gatos state show", "git gatos verify"];

impl Initialised {
    /// What to type next, each way with a sentence before it.
    fn ways(&self) -> Vec<(String, Vec<String>)> {
        let Initialised(r) = self;
        // Behind what brings the new key, for the only one of an actor cannot be missed.
        let remove =
            r.lost.filter(|_| r.lost_stands).map(|lost| format!("git gatos trust remove-key {} {lost}", r.actor));
        let mut ways = match (&r.holder, r.ended) {
            (Some(holder), _) => vec![
                (
                    format!("This key is {holder}'s, and a key stands for one actor. To speak as {holder}:"),
                    vec![format!("git gatos init --actor {holder}")],
                ),
                (self.anew(), self.another()),
            ],
            (None, Some((key, _))) if key == r.key => vec![(self.anew(), self.another())],
            (None, _) if r.known => vec![("Next:".to_owned(), NEXT.map(str::to_owned).to_vec())],
            (None, _) => {
                let add = format!("git gatos trust add-key {} {}", r.actor, r.key);
                let sentence = "The trust graph does not know this key yet. Somebody who is a root in it runs:";
                return vec![(sentence.to_owned(), [add].into_iter().chain(remove).collect())];
            }
        };
        ways.extend(remove.map(|remove| ("The lost key still speaks. A root runs:".to_owned(), vec![remove])));
        ways
    }

    fn anew(&self) -> String {
        format!("To speak as {}, with another key, whose FILE the first line prints:", self.0.actor)
    }

    fn another(&self) -> Vec<String> {
        vec!["git gatos key new".to_owned(), format!("git gatos init --actor {} --key FILE", self.0.actor)]
    }
}

impl View for Initialised {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let Initialised(r) = self;
        let how = match (r.unchanged, r.adopted) {
            (true, _) => " (was ready)",
            (false, true) => " (adopted)",
            (false, false) => "",
        };
        writeln!(page, "repository {}{how}", r.repo)?;
        writeln!(page, "actor      {}", r.actor)?;
        writeln!(page, "key        {}", r.key)?;
        if let Some(lost) = &r.lost {
            writeln!(page, "lost       {lost}, whose file is gone")?;
        }
        if let Some((key, ended)) = &r.ended {
            writeln!(page, "ended      {key}, which {ended}")?;
        }
        if !r.files.is_empty() {
            writeln!(page, "wrote      {}", r.files.join(", "))?;
        }
        writeln!(page)?;
        for (sentence, commands) in self.ways() {
            writeln!(page, "{sentence}")?;
            commands.iter().try_for_each(|command| writeln!(page, "  {command}"))?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let Initialised(r) = self;
        let mut map = Map::new();
        if let Some(holder) = &r.holder {
            map.insert("key_of", holder.as_str());
        }
        if let Some(lost) = &r.lost {
            map.insert("key_lost", Value::text(lost));
        }
        if let Some((key, _)) = &r.ended {
            map.insert("key_ended", Value::text(key));
        }
        let fields = [
            ("repo", Value::text(r.repo)),
            ("actor", r.actor.as_str().into()),
            ("key", Value::text(r.key)),
            ("key_known", r.known.into()),
            ("adopted", r.adopted.into()),
            ("unchanged", r.unchanged.into()),
            ("bare", r.bare.into()),
            ("files", Value::list(r.files.iter().map(String::as_str))),
            ("next", Value::list(self.ways().into_iter().flat_map(|(_, commands)| commands))),
        ];
        for (name, value) in fields {
            map.insert(name, value);
        }
        Value::Map(map)
    }
}
