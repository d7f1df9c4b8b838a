//! The cairn command: agent, gateway and owner's commands.
fn main() {}
