use super::{IdError, PublicKey};
use compact_str::CompactString;
use std::fmt;
use std::str::FromStr;

/// Longest segment of a ref name that we write.
const SEGMENT_MAX: usize = 80;
/// Longest name of an actor, so that `<kind>.<name>+<key8>.<replica>` fits a segment.
const ACTOR_NAME_MAX: usize = 48;
/// Longest event type.
const TYPE_MAX: usize = 64;
/// Length of a replica id.
const REPLICA_LEN: usize = 6;
/// Names that Windows reserves for devices, with or without an extension.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

fn lower_alnum(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

/// Why `text` cannot stand in a ref name as one segment; `None` where it can.
fn segment_fault(text: &str, max: usize) -> Option<&'static str> {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Some("it is empty");
    }
    if bytes.len() > max {
        return Some("it is too long");
    }
    if !lower_alnum(bytes[0]) {
        return Some("it must start with a lower-case letter or a digit");
    }
    if !bytes.iter().all(|&b| lower_alnum(b) || matches!(b, b'.' | b'_' | b'+' | b'-')) {
        return Some("only lower-case letters, digits and . _ + - may stand in it");
    }
    if text.contains("..") || text.ends_with('.') || text.ends_with(".lock") {
        return Some("git refuses \"..\", a final \".\" and a final \".lock\" in ref names");
    }
    let stem = text.split('.').next().unwrap_or(text);
    if DEVICES.contains(&stem) {
        return Some("Windows reserves that name for a device");
    }
    None
}

macro_rules! segment_type {
    ($(#[$doc:meta])* $name:ident, $max:expr, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(CompactString);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                match segment_fault(text, $max) {
                    Some(why) => Err(IdError::new($what, text, why)),
                    None => Ok($name(text.into())),
                }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

segment_type! {
    /// One segment of a ref name: `[a-z0-9][a-z0-9._+-]{0,79}` less what git or a file system refuses.
    Segment, SEGMENT_MAX, "a ref segment"
}
segment_type! {
    /// A namespace of events.
    Ns, SEGMENT_MAX, "a namespace"
}

impl Ns {
    /// The namespace used when none is named.
    pub fn main() -> Ns {
        Ns("main".into())
    }
}

/// The type of an event: `[a-z0-9][a-z0-9._-]{0,63}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(CompactString);

impl EventType {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl FromStr for EventType {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes = text.as_bytes();
        let why = if bytes.is_empty() || bytes.len() > TYPE_MAX {
            "it needs 1 to 64 characters"
        } else if !lower_alnum(bytes[0]) {
            "it must start with a lower-case letter or a digit"
        } else if !bytes.iter().all(|&b| lower_alnum(b) || matches!(b, b'.' | b'_' | b'-')) {
            "only lower-case letters, digits and . _ - may stand in it"
        } else {
            return Ok(EventType(text.into()));
        };
        Err(IdError::new("an event type", text, why))
    }
}
impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of party an actor is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ActorKind {
    Agent,
    Service,
    User,
}

impl ActorKind {
    pub fn as_str(self) -> &'static str {
        match self {
            ActorKind::Agent => "agent",
            ActorKind::Service => "service",
            ActorKind::User => "user",
        }
    }

    fn parse(text: &str) -> Option<ActorKind> {
        [ActorKind::Agent, ActorKind::Service, ActorKind::User].into_iter().find(|k| k.as_str() == text)
    }
}

/// Who signs: `user:NAME`, `agent:NAME` or `service:NAME`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    text: CompactString,
    kind: ActorKind,
}

impl Actor {
    pub fn new(kind: ActorKind, name: &str) -> Result<Actor, IdError> {
        match segment_fault(name, ACTOR_NAME_MAX) {
            Some(why) => Err(IdError::new("the name of an actor", name, why)),
            None => Ok(Actor { text: compact_str::format_compact!("{}:{name}", kind.as_str()), kind }),
        }
    }

    pub fn kind(&self) -> ActorKind {
        self.kind
    }

    /// The part behind the colon.
    pub fn name(&self) -> &str {
        &self.text[self.kind.as_str().len() + 1..]
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}
impl FromStr for Actor {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = |why| IdError::new("an actor", text, why);
        let (kind, name) =
            text.split_once(':').ok_or_else(|| bad("it needs the form user:NAME, agent:NAME or service:NAME"))?;
        let kind = ActorKind::parse(kind).ok_or_else(|| bad("the part before the colon is user, agent or service"))?;
        Actor::new(kind, name).map_err(|e| bad(e.why))
    }
}
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One clone of a repository: 6 characters `[a-z0-9]`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Replica([u8; REPLICA_LEN]);

impl Replica {
    /// Draws a replica id from 8 bytes of chance.
    pub fn from_chance(bytes: [u8; 8]) -> Replica {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let mut n = u64::from_le_bytes(bytes);
        Replica(std::array::from_fn(|_| {
            let c = ALPHABET[(n % 36) as usize];
            n /= 36;
            c
        }))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a replica id is ASCII")
    }
}
impl FromStr for Replica {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        match <[u8; REPLICA_LEN]>::try_from(text.as_bytes()) {
            Ok(b) if b.iter().all(|&b| lower_alnum(b)) => Ok(Replica(b)),
            _ => Err(IdError::new("a replica id", text, "it needs 6 lower-case letters or digits")),
        }
    }
}
impl fmt::Display for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One key of one actor in one clone: `<kind>.<name>+<key8>.<replica>`. The unit that owns a journal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Writer {
    text: CompactString,
    actor: Actor,
    replica: Replica,
}

impl Writer {
    pub fn new(actor: &Actor, key: &PublicKey, replica: Replica) -> Writer {
        let text = compact_str::format_compact!(
            "{}.{}+{}.{}",
            actor.kind.as_str(),
            actor.name(),
            key.key8(),
            replica.as_str()
        );
        Writer { text, actor: actor.clone(), replica }
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn replica(&self) -> Replica {
        self.replica
    }

    /// The first 8 hexadecimal digits of the key.
    pub fn key8(&self) -> &str {
        let end = self.text.len() - REPLICA_LEN - 1;
        &self.text[end - 8..end]
    }

    /// Whether both are one key of one actor, in whatever clones.
    pub fn has_key_of(&self, other: &Writer) -> bool {
        (self.actor(), self.key8()) == (other.actor(), other.key8())
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}
impl FromStr for Writer {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = |why| IdError::new("a writer", text, why);
        const FORM: &str = "it needs the form <kind>.<name>+<8 hex of the key>.<replica>";
        let (rest, replica) = text.rsplit_once('.').ok_or_else(|| bad(FORM))?;
        let (who, key8) = rest.rsplit_once('+').ok_or_else(|| bad(FORM))?;
        let (kind, name) = who.split_once('.').ok_or_else(|| bad(FORM))?;
        if key8.len() != 8 || !key8.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err(bad("the key is named by 8 lower-case hexadecimal digits"));
        }
        let kind = ActorKind::parse(kind).ok_or_else(|| bad("the kind is user, agent or service"))?;
        let actor = Actor::new(kind, name).map_err(|e| bad(e.why))?;
        let replica = replica.parse().map_err(|e: IdError| bad(e.why))?;
        Ok(Writer { text: text.into(), actor, replica })
    }
}
impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
