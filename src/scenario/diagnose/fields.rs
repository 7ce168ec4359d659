//! Fields that should not be where they are.

use super::finding::{Finding, Mend};
use super::view::{View, common_tag, lead};
use super::words::{listed, valid};
use crate::scenario::json::{Member, quoted};

/// A field that `view` does not have; `meant` is one that it has and that is not given.
pub(super) fn unknown_field(member: &Member, meant: Option<&str>, view: &View<'_>) -> Finding {
    let fields = Vec::from_iter(view.fields());
    let help = match meant {
        Some(meant) => format!("did you mean {}?", quoted(meant)),
        None if view.keyword("patternProperties").next().is_some() => "the keys are whole numbers in double quotes".to_owned(),
        None if fields.is_empty() => "no field is allowed here".to_owned(),
        None => valid("fields", &fields),
    };
    let mend = match meant {
        Some(meant) if view.required().contains(&meant) => Mend::Rename(meant.to_owned()),
        Some(meant) => Mend::Guess(meant.to_owned()),
        None => Mend::Remove,
    };
    unknown(member, help).mended_by(mend)
}

/// A field that nothing that could be meant has.
pub(super) fn unknown(member: &Member, help: String) -> Finding {
    Finding::new(member.key_span, format!("unknown field {}", quoted(&member.key)), Some(help)).mended_by(Mend::Remove)
}

/// What `view` and those of its `rivals` have that go by the same name: a crash at a time and one on a
/// condition are both a "crash".
pub(super) fn family<'s>(view: &View<'s>, rivals: &[&View<'s>]) -> View<'s> {
    let name = lead(view, rivals);
    let is_tagged = common_tag(rivals).is_some();
    let related = rivals.iter().filter(|rival| !is_tagged && name.is_some() && lead(rival, rivals) == name);
    View { parts: view.parts.iter().chain(related.flat_map(|rival| &rival.parts)).copied().collect(), ..View::default() }
}

/// Says of a field that belongs to one of the `rivals` why it is wrong in `view`.
pub(super) fn foreign_field<'s>(member: &Member, members: &[Member], view: &View<'s>, rivals: &[&View<'s>]) -> Option<Finding> {
    let related = family(view, rivals);
    let owners: Vec<_> = rivals.iter().filter(|rival| rival.has_field(&member.key)).collect();
    let owner = owners.first()?;
    let tag = common_tag(rivals);
    let mut names: Vec<_> = owners.iter().filter_map(|owner| tag.map_or_else(|| lead(owner, rivals), |tag| owner.tag(tag))).collect();
    names.dedup();
    // Two names in one object are a contradiction, and so are two fields of one family.
    let is_clash = tag.is_none() && (names.is_empty() || names.contains(&&*member.key) || related.has_field(&member.key));
    if !is_clash {
        let fields = valid("fields", &Vec::from_iter(related.fields()));
        let kind = tag.map_or_else(String::new, |tag| format!("{tag} "));
        return Some(unknown(member, format!("{} belongs to {kind}{}; {fields}", quoted(&member.key), listed(&names))));
    }
    let mut known = members.iter().filter(|member| view.has_field(&member.key));
    let clash = known.find(|member| !owner.has_field(&member.key))?;
    let message = format!("field {} cannot be combined with {}", quoted(&member.key), quoted(&clash.key));
    let help = Some("remove one of them".to_owned());
    Some(Finding::new(member.key_span, message, help).mended_by(Mend::Remove))
}
