use crate::ambient::{Env, Fault, Faults};

fn steps(order: &str, n: usize) -> Vec<Result<(), Fault>> {
    let faults = Faults::from_env(&Env::fixed("/", [("GATOS_FAULT", order)]));
    (0..n).map(|_| faults.step()).collect()
}

#[test]
fn the_nth_step_fails_and_no_other() {
    assert_eq!(steps("store:1:error", 3), [Err(Fault), Ok(()), Ok(())]);
    assert_eq!(steps("store:3:error", 5), [Ok(()), Ok(()), Err(Fault), Ok(()), Ok(())]);
    assert_eq!(steps("store:0:error", 2), [Ok(()), Ok(())]);
    assert_eq!(Faults::none().step(), Ok(()));
}

#[test]
#[should_panic(expected = "expected store:N:error|kill")]
fn an_order_that_is_not_understood_stops_the_test_that_gave_it() {
    steps("store:soon:error", 1);
}
