use super::error::HookError;
use super::memory::Memory;
use super::settings::Settings;
use super::standing::Counted;
use super::updates::Update;
use crate::ambient::{Ambient, Env};
use crate::canon::Map;
use crate::git::{GitError, Named, Place, Plane, Reader, RefName, Scope, Store, gate_dir};
use crate::id::{Actor, Cid, Ns, Oid, PublicKey, Segment, Timestamp, Writer};
use crate::ledger::{Key, Origin, last_event, last_numbers};
use crate::policy::consent::Docket;
use crate::policy::{FactsOf, actor_of_transport};
use crate::state::Checkpoint;
use crate::trust::Graph;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;
use std::rc::Rc;

/// The variables that a hook takes from whoever runs git. Over a local path that is the pusher with his whole environment.
const TAKEN: [&str; 11] = [
    "PATH",
    "TMPDIR",
    "LANG",
    "GIT_DIR",
    "GIT_QUARANTINE_PATH",
    "GIT_PUSH_CERT_KEY",
    "GIT_PUSH_CERT_STATUS",
    "GIT_PUSH_CERT_NONCE_STATUS",
    "GATOS_CLOCK",
    "GATOS_SEED",
    "GATOS_FAULT",
];

/// One push at the gate: the repository as it stands and as it would be.
pub(super) struct Visit {
    /// None in a rehearsal where no gate stands.
    pub settings: Option<Settings>,
    pub ambient: Ambient,
    /// All writes; it does not see what is pushed.
    pub durable: Store,
    /// Everything that is pushed too; it cannot write.
    pub pushed: Reader,
    pub updates: Vec<Update>,
    /// The clock, read once a push; never before the receipt of an earlier one.
    pub received_at: Timestamp,
    pub pusher: Option<String>,
    /// Nothing is pushed: it is asked what the gate would say.
    pub rehearsal: bool,
    /// Proposals and what came of them as this push would leave them, once they were read.
    pub docket: OnceCell<Docket>,
    /// It brings an act that may be done once: who judges it must have the gate alone.
    pub once: Cell<bool>,
    /// The branches and tags that stand, once they were read.
    heads: OnceCell<Vec<(String, Oid)>>,
    /// The journals that stand, by namespace, once they were listed.
    standing: RefCell<BTreeMap<Ns, Rc<BTreeMap<Writer, Oid>>>>,
    /// The journals of all namespaces, once they were listed.
    all: OnceCell<Vec<Plane>>,
    /// How many live journals an actor has, once they were counted.
    counted: RefCell<BTreeMap<Actor, usize>>,
    /// How much a namespace holds, once it was measured.
    measured: RefCell<BTreeMap<Ns, Measure>>,
}

/// What events of a namespace are measured by.
#[derive(Clone)]
pub(super) struct Measure {
    /// How many there are before this push that count.
    pub events: u64,
    /// The place of the last event of the newest accepted checkpoint that counts still: behind what a revocation has voided
    /// nobody can be too late.
    pub checkpoint: Option<Key>,
}

impl Visit {
    pub(super) fn open(ambient: &Ambient, updates: Vec<Update>) -> Result<Visit, HookError> {
        let pusher_env = ambient;
        let ambient = ambient.with_env(taken(ambient.env()));
        let durable = Store::discover(&ambient)?;
        let settings = Settings::need(durable.common_dir())?;
        let pushed = match ambient.env().get("GIT_QUARANTINE_PATH") {
            Some(path) => durable.with_incoming(&ambient.env().cwd().join(Path::new(&path)))?,
            // A push that only deletes brings no objects.
            None => durable.reader().reopen()?,
        };
        let pusher = settings.source.pusher(pusher_env);
        Ok(Visit { settings: Some(settings), pusher, ..Visit::new(durable, pushed, updates, ambient) })
    }

    /// A push that nobody makes, in a clone that holds its objects and the law.
    pub(super) fn rehearse(ambient: &Ambient, update: Update, pusher: Option<String>) -> Result<Visit, HookError> {
        let durable = Store::discover(ambient)?;
        let settings = Settings::read(durable.common_dir())?;
        let pushed = durable.reader().reopen()?;
        let visit = Visit::new(durable, pushed, vec![update], ambient.clone());
        Ok(Visit { settings, pusher, rehearsal: true, ..visit })
    }

    /// Of which nothing was read yet, received now by no gate and from nobody.
    fn new(durable: Store, pushed: Reader, updates: Vec<Update>, ambient: Ambient) -> Visit {
        Visit {
            settings: None,
            durable,
            pushed,
            updates,
            received_at: ambient.now(),
            pusher: None,
            ambient,
            rehearsal: false,
            docket: OnceCell::new(),
            heads: OnceCell::new(),
            once: Cell::new(false),
            standing: RefCell::default(),
            all: OnceCell::new(),
            counted: RefCell::default(),
            measured: RefCell::default(),
        }
    }

    /// What was judged before; nothing where no gate judges.
    pub(super) fn memory(&self) -> Option<Memory> {
        (!self.rehearsal).then(|| Memory::of(self.durable.common_dir()))
    }

    /// What a gate was installed with.
    pub(super) fn gate(&self) -> Result<&Settings, HookError> {
        self.settings.as_ref().ok_or_else(|| HookError::NotInstalled { path: gate_dir(self.durable.common_dir()) })
    }

    /// Where a ref stands now, as git writes it: nought where there is none.
    pub(super) fn tip(&self, name: &str) -> Result<Oid, HookError> {
        Ok(self.durable.resolve_ref(name)?.unwrap_or(Oid::ZERO))
    }

    /// Where one of our refs stands. A gate knows its own alone; a clone that rehearses knows also what it fetched of the
    /// gate's, wherever that goes on from what the clone holds.
    pub(super) fn resolve(&self, plane: Plane) -> Result<Option<Oid>, GitError> {
        let own = self.durable.resolve(&RefName::own(plane.clone()))?;
        match self.authority()? {
            Some(remote) => self.further(own, self.durable.resolve(&RefName::tracking(remote, plane))?),
            None => Ok(own),
        }
    }

    /// The same of every ref of a scope.
    pub(super) fn refs(&self, scope: &Scope) -> Result<BTreeMap<Plane, Oid>, HookError> {
        let mut held = BTreeMap::new();
        let mut fetched = Vec::new();
        let authority = self.authority()?;
        for (name, tip) in self.durable.refs(scope)? {
            match name.place {
                Place::Own => drop(held.insert(name.plane, tip)),
                Place::Tracking(remote) if Some(&remote) == authority.as_ref() => fetched.push((name.plane, tip)),
                Place::Tracking(_) => {}
            }
        }
        for (plane, tip) in fetched {
            if let Some(tip) = self.further(held.get(&plane).copied(), Some(tip))? {
                held.insert(plane, tip);
            }
        }
        Ok(held)
    }

    /// The remote that has the gate, where this clone only rehearses.
    fn authority(&self) -> Result<Option<Segment>, GitError> {
        // A gate's own repository is the authority.
        if !self.rehearsal || self.settings.is_some() {
            return Ok(None);
        }
        self.durable.authority()
    }

    /// What was fetched takes the place of what is held only where it descends from it: nobody changes the law by a fork.
    fn further(&self, own: Option<Oid>, fetched: Option<Oid>) -> Result<Option<Oid>, GitError> {
        Ok(match (own, fetched) {
            (Some(own), Some(fetched)) if own != fetched && self.durable.is_ancestor(own, fetched)? => Some(fetched),
            (own, fetched) => own.or(fetched),
        })
    }

    /// The branches and tags that stand here, with their commits.
    pub(super) fn heads(&self) -> Result<&[(String, Oid)], HookError> {
        if let Some(heads) = self.heads.get() {
            return Ok(heads);
        }
        let heads = self.durable.heads()?;
        Ok(self.heads.get_or_init(|| heads))
    }

    /// The fields and facts of an act of whoever pushes; there is no signature of his to look at.
    pub(super) fn act(&self, graph: &Graph) -> (Map, FactsOf) {
        let mut fields = Map::new();
        let pusher = self.pusher.as_deref();
        if let Some(pusher) = pusher {
            fields.insert("identity", pusher);
        }
        if let Some(actor) = pusher.and_then(actor_of_transport) {
            fields.insert("actor", actor.as_str());
        }
        (fields, FactsOf::of_transport(graph, pusher, &self.received_at))
    }

    /// The journals of a namespace as they would stand after this push.
    pub(super) fn journals(&self, ns: &Ns) -> Result<BTreeMap<Writer, Oid>, HookError> {
        let mut tips = BTreeMap::clone(&*self.standing_journals(ns)?);
        for update in &self.updates {
            if let (Named::Ours(Plane::Journal { ns: of, writer }), Some(new)) = (&update.named, update.new)
                && of == ns
            {
                tips.insert(writer.clone(), new);
            }
        }
        Ok(tips)
    }

    /// How many journals of an actor there would be after this push, in all namespaces, counted once; `live` says of which
    /// writers.
    pub(super) fn journals_of(&self, actor: &Actor, live: &dyn Fn(&Writer) -> bool) -> Result<usize, HookError> {
        if let Some(count) = self.counted.borrow().get(actor) {
            return Ok(*count);
        }
        let own = |plane: &Plane| match plane {
            Plane::Journal { ns, writer } if writer.actor() == actor && live(writer) => {
                Some((ns.clone(), writer.clone()))
            }
            _ => None,
        };
        let standing = self.all_journals()?;
        let mut found: BTreeSet<(Ns, Writer)> = standing.iter().filter_map(own).collect();
        found.extend(self.updates.iter().filter(|u| u.new.is_some()).filter_map(|update| match &update.named {
            Named::Ours(plane) => own(plane),
            _ => None,
        }));
        self.counted.borrow_mut().insert(actor.clone(), found.len());
        Ok(found.len())
    }

    /// The journals of all namespaces before this push, listed once.
    fn all_journals(&self) -> Result<&[Plane], HookError> {
        if let Some(held) = self.all.get() {
            return Ok(held);
        }
        let listed = self.refs(&Scope::Journals(None))?.into_keys().collect();
        Ok(self.all.get_or_init(|| listed))
    }

    /// The journals of a namespace before this push, listed once.
    fn standing_journals(&self, ns: &Ns) -> Result<Rc<BTreeMap<Writer, Oid>>, HookError> {
        if let Some(held) = self.standing.borrow().get(ns) {
            return Ok(Rc::clone(held));
        }
        let listed = Rc::new(self.list_journals(ns)?);
        self.standing.borrow_mut().insert(ns.clone(), Rc::clone(&listed));
        Ok(listed)
    }

    fn list_journals(&self, ns: &Ns) -> Result<BTreeMap<Writer, Oid>, HookError> {
        let refs = self.refs(&Scope::Journals(Some(ns.clone())))?.into_iter();
        Ok(refs
            .filter_map(|(plane, tip)| match plane {
                Plane::Journal { writer, .. } => Some((writer, tip)),
                _ => None,
            })
            .collect())
    }

    /// The last event of each journal of a key as this push would leave them, by writer.
    pub(super) fn last_events(&self, graph: &Graph, key: &PublicKey) -> Result<BTreeMap<Writer, Vec<Cid>>, HookError> {
        let mut last: BTreeMap<Writer, Vec<Cid>> = BTreeMap::new();
        let standing = self.refs(&Scope::Journals(None))?.into_iter();
        let mut tips: BTreeMap<(Ns, Writer), Oid> = standing
            .filter_map(|(plane, tip)| match plane {
                Plane::Journal { ns, writer } => Some(((ns, writer), tip)),
                _ => None,
            })
            .collect();
        for update in &self.updates {
            if let (Named::Ours(Plane::Journal { ns, writer }), Some(new)) = (&update.named, update.new) {
                tips.insert((ns.clone(), writer.clone()), new);
            }
        }
        for ((ns, writer), tip) in tips {
            if !graph.is_writer(&writer, key) {
                continue;
            }
            let pushed = self.updates.iter().any(|u| u.new == Some(tip));
            let Some(origin) = Origin::new(graph.repo(), ns, *key, writer.clone()) else { continue };
            match last_event(&self.pushed, tip, &origin) {
                Ok(event) => last.entry(writer).or_default().push(event.cid),
                // A pushed journal that cannot be read is refused for that.
                Err(_) if pushed => {}
                Err(e) => return Err(e.into()),
            }
        }
        last.values_mut().for_each(|cids| cids.sort_by_key(Cid::to_string));
        Ok(last)
    }

    /// How much a namespace holds.
    pub(super) fn measure(&self, graph: &Graph, ns: &Ns) -> Result<Measure, HookError> {
        if let Some(measured) = self.measured.borrow().get(ns) {
            return Ok(measured.clone());
        }
        let measure = Measure { events: self.events_in(graph, ns)?, checkpoint: self.last_of_checkpoint(graph, ns)? };
        self.measured.borrow_mut().insert(ns.clone(), measure.clone());
        Ok(measure)
    }

    fn events_in(&self, graph: &Graph, ns: &Ns) -> Result<u64, HookError> {
        let mut total = 0;
        for (writer, &tip) in self.standing_journals(ns)?.iter() {
            total += match self.count(graph, ns, writer, tip)? {
                Counted::Nothing => 0,
                Counted::To(_, Some(until)) => until,
                Counted::To(tip, None) => self.last_seq(ns, writer, tip)?.0,
            };
        }
        Ok(total)
    }

    /// Sequence number and clock of the last event of an append.
    fn last_seq(&self, ns: &Ns, writer: &Writer, tip: Oid) -> Result<(u64, u64), HookError> {
        let raw = self.pushed.raw_commit(tip)?;
        last_numbers(&raw).ok_or_else(|| {
            let name = RefName::own(Plane::Journal { ns: ns.clone(), writer: writer.clone() });
            HookError::Held { name: name.to_string(), tip }
        })
    }

    /// The place of an event by the append that holds it and its number.
    pub(super) fn key_of(&self, ns: &Ns, writer: &Writer, head: Oid, seq: u64) -> Result<Key, HookError> {
        let (last, clock) = self.last_seq(ns, writer, head)?;
        // Within an append the clock rises by one an event.
        let clock = clock.saturating_sub(last.saturating_sub(seq));
        Ok(Key { clock, writer: writer.clone(), seq })
    }

    fn last_of_checkpoint(&self, graph: &Graph, ns: &Ns) -> Result<Option<Key>, HookError> {
        let Some(tip) = self.resolve(Plane::State { ns: ns.clone() })? else { return Ok(None) };
        let (mut last, journals) = (None, self.standing_journals(ns)?);
        for head in Checkpoint::read(&self.durable, tip)?.heads.iter() {
            let end = journals.get(&head.writer).copied().unwrap_or(head.head);
            let (commit, seq) = match self.count(graph, ns, &head.writer, end)? {
                Counted::Nothing => continue,
                Counted::To(commit, Some(until)) if until < head.seq => (commit, until),
                Counted::To(..) => (head.head, head.seq),
            };
            last = last.max(Some(self.key_of(ns, &head.writer, commit, seq)?));
        }
        Ok(last)
    }
}

/// The environment of a hook without what the pusher may have put there.
fn taken(env: &Env) -> Env {
    let kept = TAKEN.iter().filter_map(|name| Some((OsString::from(name), env.get(name)?)));
    Env::fixed(env.cwd(), kept)
}
