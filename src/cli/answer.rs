use crate::view::View;

/// What a verb came to: a value to show, and whether it is a yes or a no. "No" is an answer, not an error.
pub struct Answer {
    pub view: Option<Box<dyn View>>,
    pub yes: bool,
}

impl Answer {
    /// Done, and nothing (more) to show.
    pub fn done() -> Answer {
        Answer { view: None, yes: true }
    }

    pub fn yes(view: impl View + 'static) -> Answer {
        Answer::verdict(true, view)
    }

    pub fn no(view: impl View + 'static) -> Answer {
        Answer::verdict(false, view)
    }

    pub fn verdict(yes: bool, view: impl View + 'static) -> Answer {
        Answer { view: Some(Box::new(view)), yes }
    }
}
