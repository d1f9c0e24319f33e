mod digest;
mod name;
mod time;
mod ulid;
pub(crate) mod vectors;
