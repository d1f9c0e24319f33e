mod flood;
mod process;
mod record;
mod updates;
mod waiting;
