// Says what an element is called, by whoever looks at it and by the page's source; no value of a
// field is among that.
e => {
  const plain = text => (text || '').replace(/\s+/g, ' ').trim();
  const ROLES = {a: 'link', button: 'button', summary: 'button', select: 'combobox', textarea: 'textbox'};
  const button = e.matches('input') && ['submit', 'button', 'image', 'reset'].includes(e.type);
  const field = e.matches('select,textarea,input') && !button;
  const tag = e.localName;
  const by = plain((e.getAttribute('aria-labelledby') || '').split(/\s+/)
    .map(id => id && document.getElementById(id)?.innerText).join(' '));
  const said = button ? e.value || e.alt : field ? '' : e.innerText;
  const labels = [...(e.labels || [])].map(l => [...l.childNodes]
    .filter(n => n !== e && !(n.contains && n.contains(e))).map(n => n.textContent).join(' '));
  const path = [];
  for (let at = e; at && at !== document.documentElement; at = at.parentElement) {
    const alike = at.parentElement ? [...at.parentElement.children].filter(c => c.localName === at.localName) : [at];
    path.unshift(at.localName + (alike.length > 1 ? `:nth-of-type(${alike.indexOf(at) + 1})` : ''));
  }
  return JSON.stringify({
    tag, field,
    secret: e.matches('input[type=password]'),
    type: e.getAttribute('type') || '',
    role: e.getAttribute('role') || (button ? 'button' : ROLES[tag] || ''),
    name: plain(e.getAttribute('aria-label') || by || said || e.getAttribute('title')),
    label: plain(e.getAttribute('aria-label') || by || labels[0]),
    text: field ? '' : plain(e.innerText),
    id: e.id,
    attribute: e.getAttribute('name') || '',
    path: path.join(' > '),
  });
}
