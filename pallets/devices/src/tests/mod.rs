//! One file per call, one for replays, one for what others ask, and one for what holds over any
//! sequence of calls.

mod accept;
mod activate;
mod add_maker_admin;
mod add_maker_key;
mod assert_location;
mod assign_gateway;
mod cancel_recovery;
mod cancel_transfer;
mod certify;
mod complete_recovery;
mod describe;
mod expel;
mod force_retire;
mod force_retire_maker;
mod forget;
mod properties;
mod reap;
mod recover;
mod register;
mod register_batch;
mod register_maker;
mod register_rooted;
mod registry;
mod remove_maker_admin;
mod replay;
mod retire;
mod retire_maker;
mod revoke;
mod revoke_maker_key;
mod rotate_key;
mod rotate_rooted_key;
mod suspend;
mod take_over;
mod transfer;
