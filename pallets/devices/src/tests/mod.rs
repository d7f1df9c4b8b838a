//! One file per call, one for replays, one for what others ask, and one for what holds over any
//! sequence of calls.

mod accept;
mod activate;
mod add_maker_key;
mod assign_gateway;
mod cancel_transfer;
mod certify;
mod force_retire;
mod forget;
mod properties;
mod reap;
mod register;
mod register_maker;
mod registry;
mod replay;
mod retire;
mod retire_maker;
mod revoke;
mod revoke_maker_key;
mod rotate_key;
mod suspend;
mod take_over;
mod transfer;
