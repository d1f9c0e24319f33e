mod notation;
mod page;
mod shapes;
