mod env;
mod fault;
mod fixed;
