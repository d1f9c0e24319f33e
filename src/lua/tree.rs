//! ELC as a tree: what is left of a program when comments, layout, names of locals, quotes, parentheses and sugar are gone.

/// Number of a local, in the order of declaration over the whole chunk.
pub type Id = u32;

#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    Nil,
    Bool(bool),
    Int(i64),
    /// A fraction by its raw Q32.32 value.
    Frac(i64),
    Text(String),
    /// `...`
    Dots,
    Local(Id),
    /// A built-in by its resolved name.
    Builtin(String),
    Index(Box<Expr>, Box<Expr>),
    Call(Box<Expr>, Vec<Expr>),
    Unary(Unary, Box<Expr>),
    /// `first op a op b …`, each operator applied to all that stands left of it. `first` is no chain itself, so that a long
    /// sum is wide and not deep.
    Chain(Box<Expr>, Vec<(Binary, Expr)>),
    /// `a .. b .. c`, two or more.
    Concat(Vec<Expr>),
    Power(Box<Expr>, Box<Expr>),
    Function(Box<Function>),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    /// `(f())` or `(...)`: exactly one value of many.
    One(Box<Expr>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    pub params: Vec<Id>,
    pub varargs: bool,
    pub body: Vec<Stmt>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Stmt {
    Local(Vec<Id>, Vec<Expr>),
    LocalFunction(Id, Function),
    Set(Vec<Expr>, Vec<Expr>),
    Call(Expr),
    Do(Vec<Stmt>),
    While(Expr, Vec<Stmt>),
    Repeat(Vec<Stmt>, Expr),
    /// Arms of condition and block, then the block of `else`, perhaps empty.
    If(Vec<(Expr, Vec<Stmt>)>, Vec<Stmt>),
    For(Id, [Expr; 3], Vec<Stmt>),
    Each(Each, Vec<Id>, Expr, Vec<Stmt>),
    /// Every `goto` has a number of its own; the label lists those that jump to it.
    Goto(u32),
    Label(Vec<u32>),
    Break,
    Return(Vec<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    /// `ipairs`
    List,
    /// `dpairs`
    Keys,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($variant),* }

        impl $name {
            /// The word that stands in ELC.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            pub fn parse(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }
    };
}

words! {
    Unary { Not = "not", Neg = "neg", Len = "len", BitNot = "bnot" }
}
words! {
    /// The operators that group to the left.
    Binary {
        Or = "or", And = "and", Lt = "lt", Gt = "gt", Le = "le", Ge = "ge", Ne = "ne", Eq = "eq", BitOr = "bor",
        BitXor = "bxor", BitAnd = "band", Shl = "shl", Shr = "shr", Add = "add", Sub = "sub", Mul = "mul", Div = "div",
        IntDiv = "idiv", Mod = "mod",
    }
}

impl Expr {
    /// Can it give any number of values?
    pub fn is_multi(&self) -> bool {
        matches!(self, Expr::Call(..) | Expr::Dots)
    }

    /// Calls a function on every expression directly inside, in the order of evaluation; functions inside are not entered.
    pub fn for_each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match self {
            Expr::Index(a, b) | Expr::Power(a, b) => {
                f(a);
                f(b);
            }
            Expr::Call(head, args) => {
                f(head);
                args.iter().for_each(f);
            }
            Expr::Unary(_, a) | Expr::One(a) => f(a),
            Expr::Chain(first, rest) => {
                f(first);
                rest.iter().for_each(|(_, e)| f(e));
            }
            Expr::Concat(items) | Expr::List(items) => items.iter().for_each(f),
            Expr::Map(entries) => entries.iter().for_each(|(k, v)| {
                f(k);
                f(v);
            }),
            Expr::Nil
            | Expr::Bool(_)
            | Expr::Int(_)
            | Expr::Frac(_)
            | Expr::Text(_)
            | Expr::Dots
            | Expr::Local(_)
            | Expr::Builtin(_)
            | Expr::Function(_) => {}
        }
    }

    /// Is it so for this expression or any inside it (functions not entered)?
    pub fn any(&self, test: &dyn Fn(&Expr) -> bool) -> bool {
        let mut found = test(self);
        self.for_each_child(&mut |e| found = found || e.any(test));
        found
    }
}

impl Stmt {
    /// The expressions of the statement itself, without those of its blocks.
    pub fn for_each_expr<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match self {
            Stmt::Local(_, values) | Stmt::Return(values) => values.iter().for_each(f),
            Stmt::Set(targets, values) => targets.iter().chain(values).for_each(f),
            Stmt::Call(e) | Stmt::While(e, _) | Stmt::Repeat(_, e) | Stmt::Each(_, _, e, _) => f(e),
            Stmt::If(arms, _) => arms.iter().for_each(|(c, _)| f(c)),
            Stmt::For(_, bounds, _) => bounds.iter().for_each(f),
            Stmt::LocalFunction(..) | Stmt::Do(_) | Stmt::Goto(_) | Stmt::Label(_) | Stmt::Break => {}
        }
    }

    /// The blocks inside the statement, without bodies of functions.
    pub fn for_each_block<'a>(&'a self, f: &mut dyn FnMut(&'a [Stmt])) {
        match self {
            Stmt::Do(b) | Stmt::While(_, b) | Stmt::Repeat(b, _) | Stmt::For(_, _, b) | Stmt::Each(_, _, _, b) => f(b),
            Stmt::If(arms, otherwise) => {
                arms.iter().for_each(|(_, b)| f(b));
                f(otherwise);
            }
            _ => {}
        }
    }
}

/// A constant, as the top level may declare it: evaluating it runs no code of the program and keeps nothing that changes.
pub fn is_constant(e: &Expr) -> bool {
    match e {
        Expr::Dots => false,
        Expr::Builtin(name) => super::names::is_pure(name),
        Expr::Call(head, args) => {
            matches!(&**head, Expr::Builtin(n) if super::names::is_pure(n)) && args.iter().all(is_constant)
        }
        _ => {
            let mut all = true;
            e.for_each_child(&mut |child| all = all && is_constant(child));
            all
        }
    }
}

/// The function that the program returns, where it can be seen: written there, or a top-level local bound to one.
pub fn returned(body: &[Stmt]) -> Option<&Function> {
    let Some(Stmt::Return(values)) = body.last() else { return None };
    match values.as_slice() {
        [Expr::Function(f)] => Some(f),
        [Expr::Local(id)] => body.iter().find_map(|s| match s {
            Stmt::LocalFunction(name, f) if name == id => Some(f),
            Stmt::Local(ids, values) => match values.get(ids.iter().position(|i| i == id)?) {
                Some(Expr::Function(f)) => Some(&**f),
                _ => None,
            },
            _ => None,
        }),
        _ => None,
    }
}
