//! axe-core.

use anyhow::{Context, Result, ensure};
use fantoccini::Client;
use page_judge::{Finding, Impact};
use serde_json::Value;

/// WCAG 2.2 AA, and what axe takes for good practice besides.
const RUN: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'], runOnly: { type: 'tag', values: [
        'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } })
        .then(found => done(found.violations.map(one => ({ id: one.id, impact: one.impact,
            help: one.help, nodes: one.nodes.map(node => node.target.join(' ')).slice(0, 5) }))),
            error => done({ error: String(error) }));";

/// What axe has to say of the page that is shown.
pub(crate) async fn judge(client: &Client, axe: &str) -> Result<Vec<Finding>> {
    let there = client.execute("return typeof axe", Vec::new()).await?;
    if there != "object" {
        client.execute(axe, Vec::new()).await.context("axe-core does not load")?;
    }
    let found = client.execute_async(RUN, Vec::new()).await.context("axe-core does not run")?;
    let found = found.as_array().with_context(|| format!("axe-core says {found}"))?;
    Ok(found.iter().map(finding).collect())
}

fn finding(found: &Value) -> Finding {
    let text = |key: &str| found.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let nodes = found.get("nodes").and_then(Value::as_array).into_iter().flatten();
    let nodes: Vec<&str> = nodes.filter_map(Value::as_str).collect();
    Finding {
        rule: text("id"),
        impact: Impact::read(&text("impact")),
        text: format!("{}: {}", text("help"), nodes.join(", ")),
        place: String::new(),
    }
}

/// A page with faults that axe must find, in words that it has for them.
const FAULTY: &str = "data:text/html,<title>Faulty</title><html lang='en'><main><h1>Faulty</h1>\
    <p style='color:%23999;background:%23aaa'>pale</p><img src='data:,'></main>";

/// Makes sure that the judge finds what is wrong: one that does not run finds nothing either.
pub(crate) async fn is_sober(client: &Client, axe: &str) -> Result<()> {
    client.goto(FAULTY).await?;
    let found = judge(client, axe).await?;
    let mut rules: Vec<&str> = found
        .iter()
        .filter(|finding| finding.impact >= Impact::Serious)
        .map(|finding| finding.rule.as_str())
        .collect();
    rules.sort_unstable();
    ensure!(rules == ["color-contrast", "image-alt"], "axe-core finds {rules:?} in a faulty page");
    Ok(())
}
