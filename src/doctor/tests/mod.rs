mod clone;
mod refs;
mod setting;
mod support;
mod trace;
