//! Tables, by several layouts.

use cairn_formats::csv::{
	Column, Layout, LongColumns, Shape, TimeColumn, TimeForm, ValueColumn, decode,
};

use crate::records::read;

/// A table. The first byte chooses the layout.
///
/// # Panics
/// As [`crate::Target::run`] says.
#[must_use]
pub fn csv(input: &[u8]) -> bool {
	let Some((choice, table)) = input.split_first() else { return false };
	let layout = layout(*choice);
	read(table, |table, limits| decode(table, &layout, limits)).is_some()
}

fn layout(choice: u8) -> Layout {
	match choice % 5 {
		0 => Layout::canonical(),
		1 => Layout { delimiter: ';', decimal_comma: true, ..wide(None, Vec::new()) },
		2 => {
			let columns = vec![column(named("temp"), Some("Cel")), column(named("open"), None)];
			wide(Some((named("when"), TimeForm::Rfc3339)), columns)
		},
		3 => {
			let column = |place, name: &str, unit: &str| ValueColumn {
				name: Some(name.to_owned()),
				..column(Column::Index(place), Some(unit))
			};
			let columns = vec![column(1, "a", "°C"), column(2, "b", "furlong")];
			let time = Some((Column::Index(0), TimeForm::Seconds));
			Layout { delimiter: '\t', header: false, ..wide(time, columns) }
		},
		_ => {
			let (name, value) = (Column::Index(1), Column::Index(0));
			let columns = LongColumns { name, value, unit: None, kind: None };
			let layout = wide(None, Vec::new());
			Layout { header: false, shape: Shape::Long(columns), ..layout }
		},
	}
}

fn named(name: &str) -> Column {
	Column::Name(name.to_owned())
}

fn column(column: Column, unit: Option<&str>) -> ValueColumn {
	ValueColumn { column, name: None, unit: unit.map(ToOwned::to_owned) }
}

fn wide(time: Option<(Column, TimeForm)>, columns: Vec<ValueColumn>) -> Layout {
	let time = time.map(|(column, form)| TimeColumn { column, form });
	Layout { time, shape: Shape::Wide(columns), ..Layout::canonical() }
}
