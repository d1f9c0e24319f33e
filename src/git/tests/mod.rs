mod chain;
mod commit;
mod config;
mod layout;
mod open;
mod reader;
mod store;
mod support;
