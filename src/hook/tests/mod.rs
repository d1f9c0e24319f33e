mod flood;
mod updates;
