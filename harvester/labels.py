"""Reads what a page prints beside the labels that a profile names."""

from __future__ import annotations

from harvester.portal import Portal

_BESIDE = """labels => {
  const plain = s => (s || '').replace(/\\s+/g, ' ').trim();
  const bare = s => plain(s).replace(/\\s*[:*]\\s*$/, '').toLowerCase();
  const heads = e => e.matches('th') && !e.parentElement.querySelector('td');
  const printed = [...document.querySelectorAll('dt,th,td,label,span,strong,b,p,li,div')]
    .filter(e => e.childElementCount < 2 && e.checkVisibility() && !heads(e)
      && !e.querySelector('a,button,input,select'))
    .map(e => [e, plain(e.textContent)]);
  const wraps = e => e.childElementCount > 1
    || e.childElementCount === 1 && wraps(e.firstElementChild);
  const value = label => {
    for (const [e, text] of printed) {
      if (bare(text) === label) {
        const behind = plain(e.nextSibling && e.nextSibling.nodeValue).replace(/^:\\s*/, '');
        if (behind) return behind;
        const beside = e.nextElementSibling || (e.parentElement || {}).nextElementSibling;
        if (beside && plain(beside.textContent)) return plain(beside.textContent);
      } else if (text.toLowerCase().startsWith(label + ':') && !wraps(e)) {
        return plain(text.slice(label.length + 1));
      }
    }
  };
  const found = {};
  for (const [name, known] of Object.entries(labels))
    for (const label of known) found[name] ??= value(bare(label));
  return found;
}"""
"""What is printed beside a label, or behind it; a label that comes first in its list wins.

The heads of a column are no labels.
"""


async def facts(portal: Portal) -> dict[str, str]:
    """Return what stands beside the profile's labels, by the label's name."""
    labels = {name: list(known) for name, known in portal.profile.labels.items()}
    found: dict[str, str | None] = await portal.ask(_BESIDE, labels)
    return {name: said for name, said in found.items() if said}
