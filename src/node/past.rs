use super::error::NodeError;
use super::open::Node;
use super::receipts::{Graphs, Line};
use crate::git::{Plane, Reader, RefName, Scope};
use crate::id::{Actor, Oid, PublicKey, Timestamp};
use crate::policy::consent::{ConsentFault, Consents, Docket, Found, Received, Told, tell};
use crate::policy::{Bundle, Decision, Demand, FactsOf, Intent, Judge, Judgement, PolicyError, Receipt};
use crate::trust::Graph;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

/// So many laws, and so many dockets, of the past are held at once: receipts name them in their order.
const LAWS_KEPT: usize = 16;
const DOCKETS_KEPT: usize = 8;
/// And so much of what stood granted: the push at hand of each of so many writers asks for it again.
const CONSENTS_KEPT: usize = 16;

/// What a gate accepted: its receipts that are judged again, oldest first, and what they let in of consent.
pub(super) struct History {
    pub receipts: Vec<Arc<Receipt>>,
    /// Each with the place of its receipt.
    consents: Vec<(usize, Found)>,
    /// The same by their names, each with the first receipt that let it in.
    first: HashMap<Plane, usize>,
}

impl History {
    pub(super) fn of(line: &Line, graph: &Graph) -> History {
        let mut graphs = Graphs::new(graph);
        let receipts: Vec<_> = line.receipts.iter().filter(|receipt| graphs.is_judged(receipt)).cloned().collect();
        let (mut consents, mut first) = (Vec::new(), HashMap::new());
        for (place, receipt) in receipts.iter().enumerate() {
            let Some(trust) = receipt.trust_root else { continue };
            for moved in &receipt.updates {
                if let (Some(plane), Some(new)) = (moved.plane().filter(|plane| plane.is_consent()), moved.new) {
                    first.entry(plane.clone()).or_insert(place);
                    let received = Received::At(receipt.received_at, trust);
                    consents.push((place, (RefName::own(plane.clone()), new, received)));
                }
            }
        }
        History { receipts, consents, first }
    }

    /// Whether a word of consent had come in before a receipt.
    pub(super) fn stood(&self, plane: &Plane, receipt: usize) -> bool {
        self.first.get(plane).is_some_and(|at| *at < receipt)
    }

    /// How much of consent had come in before a receipt.
    fn before(&self, place: usize) -> usize {
        self.consents.partition_point(|(at, _)| *at < place)
    }
}

/// The law by which a receipt says that it judged; whoever needs it for long keeps it.
#[derive(Clone)]
pub(super) struct Law {
    pub graph: Arc<Graph>,
    pub bundle: Arc<Bundle>,
    pub judge: SharedJudge,
}

/// The judge of a bundle, whatever receipts name that.
pub(super) type SharedJudge = Rc<RefCell<Judge>>;

/// What stood granted before a receipt, as a bundle read it at a time.
struct Granted {
    /// The receipt, the bundle, the time, and whether what has no receipt is among it.
    asked: (Place, Oid, Timestamp, bool),
    consents: Option<Arc<Consents>>,
}

/// Proposals, and what came of them, as a gate held them at some time.
pub(super) struct Held {
    history: usize,
    trust: Oid,
    upto: usize,
    pub docket: Docket,
}

impl Held {
    /// Whether something that the gate had cannot be read here.
    pub(super) fn is_missing(&self) -> bool {
        self.docket.refused.iter().any(|ended| matches!(ended.fault, ConsentFault::Read(_)))
    }
}

/// One receipt of one gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub history: usize,
    pub receipt: usize,
}

/// What comes of judging something again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Again {
    Right,
    Wrong {
        rule: String,
        why: String,
    },
    /// Something that its judgement needs is not here.
    Unknown(String),
}

impl Again {
    pub(super) fn wrong(rule: &str, why: impl Into<String>) -> Again {
        Again::Wrong { rule: rule.to_owned(), why: why.into() }
    }

    pub(super) fn unknown(what: &str) -> Again {
        Again::Unknown(what.to_owned())
    }
}

/// What is known of an actor who acts with a key, by whatever trust graph and at whatever time.
pub(super) fn of_actor(actor: &Actor, key: &PublicKey) -> impl Fn(&Graph, &Timestamp) -> FactsOf {
    move |graph, at| FactsOf::actor(graph, actor, key, Some(at))
}

/// What is said of something that is wrong, which a gate accepted with a receipt, or which came to be in another way.
pub(super) fn denied(receipt: Option<&Receipt>, rule: &str, why: &str) -> String {
    let how = match receipt {
        Some(receipt) => format!("{} accepted it with receipt {}", receipt.gate.actor(), receipt.seq),
        None => "it became the policy".to_owned(),
    };
    format!("{how}, and by the law that stood then it is denied by {rule}: {why}")
}

/// Where branches and tags stood by the first receipts of a gate, up to one of them: as receipts are judged in their order, each
/// adds to it.
#[derive(Default)]
struct Heads {
    history: usize,
    upto: usize,
    commits: BTreeMap<String, Oid>,
}

/// What gates accepted, and the law as it stood when they did.
pub(super) struct Past<'n> {
    node: &'n Node,
    pub histories: Arc<Vec<History>>,
    pub graphs: Graphs<'n>,
    /// By the trust graph and the policy that receipts name.
    laws: VecDeque<((Oid, Oid), Law)>,
    /// By the commit of their bundle.
    judges: VecDeque<(Oid, SharedJudge)>,
    dockets: VecDeque<Held>,
    granted: VecDeque<Granted>,
    /// Whether policies ask for receipts.
    asking: HashMap<Oid, bool>,
    heads: Heads,
    /// What is here of consent and a gate gave no receipt for, by its chain: nobody tells when it had that. It may have come in
    /// before the gate was installed, under an older key of it, or from another gate.
    loose: HashMap<usize, Arc<Vec<Found>>>,
}

impl<'n> Past<'n> {
    pub(super) fn new(node: &'n Node, histories: Arc<Vec<History>>) -> Past<'n> {
        let (laws, judges, dockets, granted, asking, heads, loose) = Default::default();
        Past {
            node,
            histories,
            graphs: Graphs::new(node.graph()),
            laws,
            judges,
            dockets,
            granted,
            asking,
            heads,
            loose,
        }
    }

    pub(super) fn reader(&self) -> &'n Reader {
        self.node.reader()
    }

    pub(super) fn receipt(&self, place: Place) -> Arc<Receipt> {
        Arc::clone(&self.histories[place.history].receipts[place.receipt])
    }

    /// Every receipt once: two chains of one gate begin with the same ones.
    pub(super) fn places(&self) -> Vec<Place> {
        let mut seen: HashSet<Oid> = HashSet::new();
        let of = |(history, held): (usize, &History)| {
            let fresh = |(receipt, given): (usize, &Arc<Receipt>)| {
                seen.insert(given.commit).then_some(Place { history, receipt })
            };
            held.receipts.iter().enumerate().filter_map(fresh).collect::<Vec<_>>()
        };
        self.histories.iter().enumerate().flat_map(of).collect()
    }

    /// The branches and tags that a gate had given receipts for before one, with the commits that are here of them.
    pub(super) fn heads_before(&mut self, place: Place) -> &BTreeMap<String, Oid> {
        let (reader, histories) = (self.reader(), Arc::clone(&self.histories));
        let heads = &mut self.heads;
        if heads.history != place.history || heads.upto > place.receipt {
            *heads = Heads { history: place.history, ..Heads::default() };
        }
        let mut moves: BTreeMap<&str, Option<Oid>> = BTreeMap::new();
        let fresh = &histories[place.history].receipts[heads.upto..place.receipt];
        for moved in fresh.iter().flat_map(|receipt| &receipt.updates).filter(|moved| moved.plane().is_none()) {
            moves.insert(&moved.name, moved.new);
        }
        heads.upto = place.receipt;
        for (name, new) in moves {
            match new.and_then(|oid| reader.commit_behind(oid).ok().flatten()) {
                Some(commit) => drop(heads.commits.insert(name.to_owned(), commit)),
                None => drop(heads.commits.remove(name)),
            }
        }
        &heads.commits
    }

    /// The law that a receipt names: `Unknown` where it is not here, `Wrong` where it names no policy.
    pub(super) fn law(&mut self, receipt: &Receipt) -> Result<Result<Law, Again>, NodeError> {
        let Some(trust) = receipt.trust_root else { return Ok(Err(Again::wrong("gate.no-law", "there was no law"))) };
        let Some(policy) = receipt.policy_root else {
            return Ok(Err(Again::wrong("gate.no-policy", "no policy was active")));
        };
        let roots = (trust, policy);
        if let Some((_, law)) = self.laws.iter().find(|(of, _)| *of == roots) {
            return Ok(Ok(law.clone()));
        }
        let Some(graph) = self.graphs.at(trust) else {
            return Ok(Err(Again::unknown("trust graphs of another chain")));
        };
        let bundle = match Bundle::read(self.node.reader(), policy, &graph) {
            Ok(bundle) => bundle,
            Err(PolicyError::Read { .. }) => return Ok(Err(Again::unknown("policies that are not here"))),
            Err(e @ PolicyError::Invalid { .. }) => {
                return Ok(Err(Again::wrong("policy.invalid", format!("its policy was none: {e}"))));
            }
            Err(other) => return Err(other.into()),
        };
        if self.laws.len() == LAWS_KEPT {
            self.laws.pop_front();
        }
        let law = Law { graph, judge: self.judge(&bundle), bundle: Arc::new(bundle) };
        self.laws.push_back((roots, law.clone()));
        Ok(Ok(law))
    }

    /// Whether all receipts of a gate from one to another, in whatever order these are named, name policies that ask for receipts.
    pub(super) fn asked_for_receipts(&mut self, history: usize, one: usize, other: usize) -> Result<bool, NodeError> {
        let mut policy = None;
        for receipt in one.min(other)..=one.max(other) {
            let receipt = self.receipt(Place { history, receipt });
            if policy == Some(receipt.policy_root) {
                continue;
            }
            policy = Some(receipt.policy_root);
            if !self.law(&receipt)?.is_ok_and(|law| law.bundle.profile().asks(Demand::Receipts)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The same of the receipts of two gates, whose order nobody knows: of all policies from the one to the other that they name,
    /// by their places in the chain.
    pub(super) fn asked_between(&mut self, ages: &HashMap<Oid, usize>, one: &Receipt, other: &Receipt) -> bool {
        let age = |receipt: &Receipt| receipt.policy_root.and_then(|root| ages.get(&root).copied());
        let (Some(one), Some(other)) = (age(one), age(other)) else { return false };
        let between = one.min(other)..=one.max(other);
        ages.iter().filter(|(_, age)| between.contains(age)).all(|(policy, _)| self.asks(*policy))
    }

    fn asks(&mut self, policy: Oid) -> bool {
        let node = self.node;
        *self.asking.entry(policy).or_insert_with(|| {
            let bundle = Bundle::read(node.reader(), policy, node.graph());
            bundle.is_ok_and(|bundle| bundle.profile().asks(Demand::Receipts))
        })
    }

    /// The judge of a bundle. A candidate has no commit, and no past is asked by two of them.
    pub(super) fn judge(&mut self, bundle: &Bundle) -> SharedJudge {
        if let Some((_, judge)) = self.judges.iter().find(|(of, _)| *of == bundle.commit()) {
            return Rc::clone(judge);
        }
        if self.judges.len() == LAWS_KEPT {
            self.judges.pop_front();
        }
        let judge = Rc::new(RefCell::new(Judge::new(bundle.clone(), None)));
        self.judges.push_back((bundle.commit(), Rc::clone(&judge)));
        judge
    }

    /// What a gate held of consent before a receipt, or with `and_own` also what that receipt let in. It is to be given back.
    pub(super) fn hold(&mut self, place: Place, and_own: bool) -> Option<Held> {
        let histories = Arc::clone(&self.histories);
        let history = &histories[place.history];
        let trust = history.receipts[place.receipt].trust_root?;
        let upto = history.before(place.receipt + usize::from(and_own));
        let graph = self.graphs.at(trust)?;
        let fits = |held: &Held| held.history == place.history && held.trust == trust && held.upto <= upto;
        let nearest = self.dockets.iter().enumerate().filter(|(_, held)| fits(held)).max_by_key(|(_, held)| held.upto);
        let mut held = match nearest.map(|(at, _)| at).and_then(|at| self.dockets.remove(at)) {
            Some(held) => held,
            None => Held { history: place.history, trust, upto: 0, docket: Docket::default() },
        };
        let fresh: Vec<Found> = history.consents[held.upto..upto].iter().map(|(_, found)| found.clone()).collect();
        held.docket.take(self.node.reader(), &graph, &fresh);
        held.upto = upto;
        Some(held)
    }

    pub(super) fn give_back(&mut self, held: Held) {
        if self.dockets.len() == DOCKETS_KEPT {
            self.dockets.pop_front();
        }
        self.dockets.push_back(held);
    }

    /// The same as `hold` with what the receipt let in, had it come in at another time.
    pub(super) fn docket_at(&mut self, place: Place, at: Timestamp) -> Option<Docket> {
        let histories = Arc::clone(&self.histories);
        let history = &histories[place.history];
        let trust = history.receipts[place.receipt].trust_root?;
        let graph = self.graphs.at(trust)?;
        let found = history.consents.iter().take_while(|(of, _)| *of <= place.receipt);
        let found = found.map(|(of, found)| match *of == place.receipt {
            true => (found.0.clone(), found.1, Received::At(at, trust)),
            false => found.clone(),
        });
        Some(Docket::gather(self.node.reader(), &graph, &found.collect::<Vec<_>>()))
    }

    /// What stood granted before a receipt as a bundle reads it; nothing where no rule of it reads that.
    pub(super) fn consents(
        &mut self,
        place: Place,
        bundle: &Bundle,
        at: Timestamp,
    ) -> Result<Option<Arc<Consents>>, NodeError> {
        self.granted(place, bundle, at, false)
    }

    /// What a gate knew of the acts of an actor when it gave a receipt, as a bundle reads it.
    pub(super) fn told(
        &mut self,
        place: Place,
        bundle: &Bundle,
        actor: &Actor,
        key: &PublicKey,
    ) -> Result<Told, NodeError> {
        let receipt = self.receipt(place);
        let at = receipt.received_at;
        let graph = receipt.trust_root.and_then(|trust| self.graphs.at(trust));
        let facts = graph.map(|graph| FactsOf::actor(&graph, actor, key, Some(&at)));
        Ok(Told::new(facts.unwrap_or_default(), self.consents(place, bundle, at)?)?)
    }

    /// The same as `consents` with what the gate gave no receipt for; none where there is no such thing.
    pub(super) fn loose_consents(
        &mut self,
        place: Place,
        bundle: &Bundle,
        at: Timestamp,
    ) -> Result<Option<Arc<Consents>>, NodeError> {
        self.granted(place, bundle, at, true)
    }

    fn granted(
        &mut self,
        place: Place,
        bundle: &Bundle,
        at: Timestamp,
        loose: bool,
    ) -> Result<Option<Arc<Consents>>, NodeError> {
        if !Consents::are_read(bundle) {
            return Ok(None);
        }
        let asked = (place, bundle.commit(), at, loose);
        if let Some(granted) = self.granted.iter().find(|granted| granted.asked == asked) {
            return Ok(granted.consents.clone());
        }
        let governance = bundle.governance()?;
        let of = |docket: &Docket| Arc::new(Consents::of(docket, &governance, at));
        let consents = match loose {
            true => self.loose_docket(place, false)?.as_ref().map(of),
            false => self.hold(place, false).map(|held| {
                let consents = of(&held.docket);
                self.give_back(held);
                consents
            }),
        };
        if self.granted.len() == CONSENTS_KEPT {
            self.granted.pop_front();
        }
        self.granted.push_back(Granted { asked, consents: consents.clone() });
        Ok(consents)
    }

    /// The same as `hold` with what the gate gave no receipt for; none where there is no such thing.
    pub(super) fn loose_docket(&mut self, place: Place, and_own: bool) -> Result<Option<Docket>, NodeError> {
        let loose = self.loose(place.history)?;
        let histories = Arc::clone(&self.histories);
        let history = &histories[place.history];
        let graph = history.receipts[place.receipt].trust_root.and_then(|trust| self.graphs.at(trust));
        let Some(graph) = graph.filter(|_| !loose.is_empty()) else { return Ok(None) };
        let upto = history.before(place.receipt + usize::from(and_own));
        let known = history.consents[..upto].iter().map(|(_, found)| found);
        let found: Vec<Found> = known.chain(loose.iter()).cloned().collect();
        Ok(Some(Docket::gather(self.node.reader(), &graph, &found)))
    }

    fn loose(&mut self, history: usize) -> Result<Arc<Vec<Found>>, NodeError> {
        if let Some(loose) = self.loose.get(&history) {
            return Ok(Arc::clone(loose));
        }
        let received = self.histories[history].consents.iter().map(|(_, (name, tip, _))| (&name.plane, *tip));
        let received: HashSet<(&Plane, Oid)> = received.collect();
        let refs = self.node.store().refs(&Scope::Consents)?.into_iter();
        let loose = refs.filter(|(name, tip)| !received.contains(&(&name.plane, *tip)));
        let loose: Vec<Found> = loose.map(|(name, tip)| (name, tip, Received::InTime)).collect();
        let loose = Arc::new(loose);
        self.loose.insert(history, Arc::clone(&loose));
        Ok(loose)
    }

    /// Why an answer of now may have been another then: something that this clone cannot know for certain would turn it.
    pub(super) fn uncertain(
        &mut self,
        place: Place,
        intent: &Intent<'_>,
        bundle: &Bundle,
        facts: &dyn Fn(&Graph, &Timestamp) -> FactsOf,
        allowed: bool,
    ) -> Result<Option<String>, NodeError> {
        if Consents::are_read(bundle) {
            let Some(held) = self.hold(place, false) else { return Ok(Some("grants that are not here".into())) };
            let missing = held.is_missing();
            self.give_back(held);
            if missing {
                return Ok(Some("grants that are not here".into()));
            }
        }
        let receipt = self.receipt(place);
        let Some(graph) = receipt.trust_root.and_then(|trust| self.graphs.at(trust)) else { return Ok(None) };
        let judge = self.judge(bundle);
        let turns = |consents: Option<&Consents>, at: &Timestamp| -> Result<bool, NodeError> {
            let known = tell(consents, facts(&graph, at), intent.target().as_deref())?;
            let judgement = judge.borrow_mut().decide(intent, &known, graph.tip())?;
            Ok(matches!(judgement, Judgement::Allowed(_)) != allowed)
        };
        // The time of a receipt is raised to that of the one before it, and the push was judged a moment earlier.
        if let Some(at) = self.earlier(place)
            && turns(self.consents(place, bundle, at)?.as_deref(), &at)?
        {
            return Ok(Some("the second at which it was judged".into()));
        }
        Ok(match self.loose_consents(place, bundle, receipt.received_at)? {
            Some(loose) if turns(Some(&loose), &receipt.received_at)? => Some("when a grant came in".into()),
            _ => None,
        })
    }

    /// What comes of it where a bundle refuses what a gate accepted: it is wrong, but for what nobody here can know.
    pub(super) fn refused(
        &mut self,
        place: Place,
        intent: &Intent<'_>,
        bundle: &Bundle,
        facts: &dyn Fn(&Graph, &Timestamp) -> FactsOf,
        decision: &Decision,
    ) -> Result<Again, NodeError> {
        Ok(match self.uncertain(place, intent, bundle, facts, false)? {
            Some(what) => Again::Unknown(what),
            None => Again::wrong(&decision.rule, decision.reason.as_str()),
        })
    }

    /// The time before that of a receipt, where the time of the receipt may have been raised.
    pub(super) fn earlier(&self, place: Place) -> Option<Timestamp> {
        let receipts = &self.histories[place.history].receipts;
        let at = receipts[place.receipt].received_at;
        let before = &receipts[..place.receipt];
        if before.last()?.received_at != at {
            return None;
        }
        before.iter().rev().map(|receipt| receipt.received_at).find(|earlier| *earlier < at)
    }
}

/// What is judged again, of gates whose receipts are here.
pub(super) fn histories(node: &Node, lines: &[Line]) -> Arc<Vec<History>> {
    Arc::new(lines.iter().map(|line| History::of(line, node.graph())).collect())
}
