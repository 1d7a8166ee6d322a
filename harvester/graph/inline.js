// Data that the page holds in itself: scripts, data attributes, links to data, and tables.
const texts = [], tables = [];
const enough = text => text.length > 30 && text.length < 3e6 && /\d/.test(text);
for (const e of all()) {
  if (e.localName === 'script' && !e.src && enough(e.textContent)) {
    texts.push(['a script of the page', e.textContent]);
  }
  if (e.localName === 'table' && e.rows.length > 12) tables.push([...e.rows].map(
    row => [...row.cells].map(c => plain(c.textContent))));
  for (const {name, value} of e.attributes) {
    if (name.startsWith('data-') && enough(value) && /^\s*[[{]/.test(value)) texts.push([name, value]);
    else if (name === 'href' && /^data:[^,]*(csv|json|text)/.test(value)) {
      try { texts.push(['a link to data', await (await fetch(value)).text()]); } catch { /* refused */ }
    } else if (name === 'href' && value.startsWith('blob:')) {
      try { texts.push(['a link to data', await (await fetch(value)).text()]); } catch { /* gone */ }
    }
  }
}
return JSON.stringify({texts, tables});
