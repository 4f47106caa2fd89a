//! One file an operation of the shard; each adds its method to the class.

mod close;
mod copy;
mod count;
mod facet;
mod flush;
mod groups;
mod hnsw;
mod info;
mod open;
mod optimize;
mod payload_index;
mod query;
mod query_tree;
mod retrieve;
mod scroll;
mod update;
mod upsert;
mod vector_names;
