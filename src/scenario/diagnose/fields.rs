//! Fields that should not be where they are.

use super::finding::Finding;
use super::view::{View, common_tag};
use super::words::{nearest, valid};
use crate::scenario::json::{Member, quoted};

pub(super) fn unknown_field(member: &Member, meant: Option<&str>, view: &View<'_>) -> Finding {
    let fields = Vec::from_iter(view.fields());
    let given = nearest(&member.key, fields.iter().copied());
    let help = match (meant, given) {
        (Some(meant), _) => format!("did you mean {}?", quoted(meant)),
        (None, Some(given)) => format!("{} is already given", quoted(given)),
        _ if view.keyword("patternProperties").next().is_some() => "the keys are whole numbers in double quotes".to_owned(),
        _ if fields.is_empty() => "no field is allowed here".to_owned(),
        _ => valid("fields", &fields),
    };
    let message = format!("unknown field {}", quoted(&member.key));
    Finding::new(member.key_span, message, Some(help))
}

/// Says of a field that belongs to one of the `rivals` why it is wrong in `view`.
pub(super) fn foreign_field(member: &Member, members: &[Member], view: &View<'_>, rivals: &[&View<'_>]) -> Option<Finding> {
    let key = quoted(&member.key);
    let mut owners = rivals.iter().filter(|rival| rival.has_field(&member.key));
    let owner = owners.next()?;
    if let Some(tag) = common_tag(rivals) {
        let owner = quoted(owner.tag(tag)?);
        let fields = valid("fields", &Vec::from_iter(view.fields()));
        let help = format!("{key} belongs to {tag} {owner}; {fields}");
        let message = format!("unknown field {key}");
        return Some(Finding::new(member.key_span, message, Some(help)));
    }
    let mut known = members.iter().filter(|member| view.has_field(&member.key));
    let clash = known.find(|member| !owner.has_field(&member.key))?;
    let message = format!("field {key} cannot be combined with {}", quoted(&clash.key));
    let help = Some("remove one of them".to_owned());
    Some(Finding::new(member.key_span, message, help))
}
