//! Steps of a PATCH, one after the other (RFC 7644 sections 3.5.2.1 to 3.5.2.3).

use serde_json::{Map, Value};

use super::read::numbered;
use super::{Change, Patch, Patched, Select, Step, Target};
use crate::bounds::MAX_VALUES;
use crate::error::ScimError;
use crate::resource::Resource;
use crate::schema::{Attribute, AttributeKind};
use crate::value::is_primary;

/// Where a value's link stands: it goes with the value that it belonged to.
const LINK: &str = "$ref";

pub(super) fn apply(patch: Patch, mut resource: Resource) -> Result<Patched, ScimError> {
    if patch.kind != resource.kind {
        return Err(ScimError::internal("a PATCH was read for another kind of resource"));
    }
    let mut changed = false;
    for step in patch.steps {
        let Step { operation, place, change } = step;
        let grows = matches!(change, Change::Add(_) | Change::Replace(_));
        let differs = place
            .change(&mut resource.body, change)
            .map_err(|refusal| numbered(operation, refusal))?;
        // Each step may put one value into many places, so what it leaves is bounded before the next.
        if differs && grows {
            resource.check_size().map_err(|refusal| numbered(operation, refusal))?;
        }
        changed |= differs;
    }
    if changed {
        resource.refresh_schemas();
        resource.check()?;
    }
    Ok(Patched { resource, changed })
}

impl Target {
    /// Whether anything is different afterwards.
    fn change(&self, body: &mut Map<String, Value>, change: Change) -> Result<bool, ScimError> {
        let Some(urn) = self.extension else { return self.within(body, change) };
        let below = body.entry(urn).or_insert_with(|| Value::Object(Map::new()));
        let Some(below) = below.as_object_mut() else {
            return Err(ScimError::internal("a stored extension is not an object"));
        };
        let changed = self.within(below, change);
        if below.is_empty() {
            body.remove(urn);
        }
        changed
    }

    fn within(&self, body: &mut Map<String, Value>, change: Change) -> Result<bool, ScimError> {
        let name = self.attribute.name;
        if self.sub.is_none() && self.select.is_none() {
            return match change {
                Change::Remove if self.attribute.required => {
                    Err(ScimError::mutability(format!("{name} is required")))
                }
                Change::Remove => Ok(body.remove(name).is_some()),
                change if self.attribute.multi_valued => self.list(body, change),
                Change::Add(value) | Change::Replace(value) => {
                    Ok(set_whole(self.attribute, body, value))
                }
                Change::RemoveValues(_) => Ok(false),
            };
        }
        if self.attribute.multi_valued {
            return self.some(body, change);
        }
        let Some(sub) = self.sub else { return Ok(false) };
        set_part(body, name, sub, change)
    }

    /// All values of a multi-valued attribute.
    fn list(&self, body: &mut Map<String, Value>, change: Change) -> Result<bool, ScimError> {
        let name = self.attribute.name;
        match change {
            Change::Replace(values) => Ok(insert(body, name, values)),
            Change::Add(Value::Array(added)) => {
                let mut values = take_list(body, name);
                let had = values.len();
                for value in added {
                    if !values.contains(&value) {
                        values.push(value);
                    }
                }
                let changed = values.len() != had;
                let touched: Vec<bool> = (0..values.len()).map(|at| at >= had).collect();
                self.put_back(body, values, &touched)?;
                Ok(changed)
            }
            Change::RemoveValues(removed) => {
                let mut values = take_list(body, name);
                let had = values.len();
                values.retain(|value| !removed.iter().any(|given| self.is_meant(value, given)));
                let changed = values.len() != had;
                self.put_back(body, values, &[])?;
                Ok(changed)
            }
            Change::Add(_) | Change::Remove => Ok(false),
        }
    }

    /// Whether a value is the one that a client gave to be removed: every part that it gave is so.
    fn is_meant(&self, value: &Value, given: &Value) -> bool {
        let (Some(value), Some(given)) = (value.as_object(), given.as_object()) else {
            return value == given;
        };
        given.iter().all(|(name, part)| {
            let is_exact =
                self.attribute.sub_attribute(name).is_none_or(|attribute| attribute.case_exact);
            match (value.get(name).and_then(Value::as_str), part.as_str()) {
                (Some(has), Some(wanted)) if !is_exact => {
                    crate::text::same(has, &crate::text::fold(wanted))
                }
                _ => value.get(name) == Some(part),
            }
        })
    }

    /// Some values of a multi-valued attribute, or a part of some.
    fn some(&self, body: &mut Map<String, Value>, change: Change) -> Result<bool, ScimError> {
        let mut values = take_list(body, self.attribute.name);
        let selected: Vec<bool> = values
            .iter()
            .map(|value| match &self.select {
                None => true,
                Some(select) => value.as_object().is_some_and(|value| select.node.holds(value)),
            })
            .collect();
        if !selected.contains(&true) {
            return self.make(body, values, change);
        }
        if self.sub.is_none() && change == Change::Remove {
            let mut keep = selected.iter().map(|selected| !selected);
            values.retain(|_| keep.next().unwrap_or(true));
            self.put_back(body, values, &[])?;
            return Ok(true);
        }
        let mut changed = false;
        for (value, _) in values.iter_mut().zip(&selected).filter(|(_, selected)| **selected) {
            changed |= self.change_value(value, &change);
        }
        self.put_back(body, values, &selected)?;
        Ok(changed)
    }

    fn change_value(&self, value: &mut Value, change: &Change) -> bool {
        let Some(object) = value.as_object_mut() else { return false };
        match (self.sub, change) {
            (Some(sub), Change::Add(new) | Change::Replace(new)) => {
                insert(object, sub.name, new.clone())
            }
            (Some(sub), _) => object.remove(sub.name).is_some(),
            (None, Change::Add(Value::Object(new))) => {
                let mut changed = false;
                for (name, part) in new {
                    changed |= insert(object, name, part.clone());
                }
                changed
            }
            (None, Change::Replace(new)) if value != new => {
                *value = new.clone();
                true
            }
            (None, _) => false,
        }
    }

    /// Makes the value that a filter describes and nothing satisfies.
    fn make(
        &self,
        body: &mut Map<String, Value>,
        mut values: Vec<Value>,
        change: Change,
    ) -> Result<bool, ScimError> {
        let (Change::Add(new) | Change::Replace(new)) = change else {
            self.put_back(body, values, &[])?;
            return Ok(false);
        };
        let mut made = match &self.select {
            None => Map::new(),
            Some(Select { seed: Some(seed), .. }) => seed.clone(),
            Some(Select { seed: None, .. }) => {
                let detail = format!("no value of {} satisfies the filter", self.attribute.name);
                return Err(ScimError::no_target(detail));
            }
        };
        match (self.sub, new) {
            (Some(sub), new) => {
                made.insert(sub.name.to_owned(), new);
            }
            (None, Value::Object(new)) => made.extend(new),
            (None, _) => return Ok(false),
        }
        let touched: Vec<bool> = (0..=values.len()).map(|at| at == values.len()).collect();
        values.push(Value::Object(made));
        self.put_back(body, values, &touched)?;
        Ok(true)
    }

    /// Puts values back where they were taken from. Of several primary ones the touched one stays
    /// (RFC 7644 section 3.5.2).
    fn put_back(
        &self,
        body: &mut Map<String, Value>,
        mut values: Vec<Value>,
        touched: &[bool],
    ) -> Result<(), ScimError> {
        let name = self.attribute.name;
        let mut touched = touched.iter().copied().chain(std::iter::repeat(false));
        let new: Vec<bool> = values
            .iter()
            .map(|value| touched.next().unwrap_or(false) && is_primary(value))
            .collect();
        match new.iter().filter(|is_new| **is_new).count() {
            0 => {}
            1 => {
                let old = values.iter_mut().zip(&new).filter(|(_, is_new)| !**is_new);
                for (value, _) in old.filter(|(value, _)| is_primary(value)) {
                    if let Some(object) = value.as_object_mut() {
                        object.insert("primary".to_owned(), Value::Bool(false));
                    }
                }
            }
            _ => {
                let detail = format!("{name} would have more than one primary value");
                return Err(ScimError::invalid_value(detail));
            }
        }
        let mut kept: Vec<Value> = Vec::with_capacity(values.len());
        for value in values {
            let is_empty = value.as_object().is_some_and(Map::is_empty);
            if !is_empty && !kept.contains(&value) {
                kept.push(value);
            }
        }
        let values = kept;
        if values.len() > MAX_VALUES {
            return Err(ScimError::too_many(format!("{name} would have over {MAX_VALUES} values")));
        }
        if !values.is_empty() {
            body.insert(name.to_owned(), Value::Array(values));
        }
        Ok(())
    }
}

/// The values of a list, taken out of the resource.
fn take_list(body: &mut Map<String, Value>, name: &str) -> Vec<Value> {
    match body.remove(name) {
        Some(Value::Array(values)) => values,
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

/// The value of an attribute that has one. Parts of a complex one that are not given stay.
fn set_whole(attribute: &Attribute, body: &mut Map<String, Value>, value: Value) -> bool {
    let Value::Object(parts) = value else { return insert(body, attribute.name, value) };
    if attribute.kind != AttributeKind::Complex {
        return false;
    }
    let below = body.entry(attribute.name).or_insert_with(|| Value::Object(Map::new()));
    let Some(below) = below.as_object_mut() else { return false };
    let is_linked = parts.contains_key(LINK);
    let mut changed = false;
    for (name, part) in parts {
        let is_new = insert(below, &name, part);
        if is_new && name == "value" && !is_linked {
            below.remove(LINK);
        }
        changed |= is_new;
    }
    changed
}

/// A part of a complex attribute that has one value.
fn set_part(
    body: &mut Map<String, Value>,
    name: &str,
    sub: &Attribute,
    change: Change,
) -> Result<bool, ScimError> {
    let below = body.entry(name).or_insert_with(|| Value::Object(Map::new()));
    let Some(below) = below.as_object_mut() else {
        return Err(ScimError::internal("a stored complex attribute is not an object"));
    };
    let changed = match change {
        Change::Add(value) | Change::Replace(value) => insert(below, sub.name, value),
        Change::Remove | Change::RemoveValues(_) => below.remove(sub.name).is_some(),
    };
    if changed && sub.name == "value" {
        below.remove(LINK);
    }
    if below.is_empty() {
        body.remove(name);
    }
    Ok(changed)
}

/// Sets a value and says whether it was another.
fn insert(object: &mut Map<String, Value>, name: &str, value: Value) -> bool {
    if object.get(name) == Some(&value) {
        return false;
    }
    object.insert(name.to_owned(), value);
    true
}
