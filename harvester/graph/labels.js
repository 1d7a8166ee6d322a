// What marks and cells say of themselves: accessible names, titles, descriptions and data attributes.
const groups = new Map();
const say = (key, text) => {
  text = plain(text);
  if (text && text.length < 300 && /\d/.test(text)) groups.set(key, [...(groups.get(key) || []), text]);
};
const near = e => e.parentNode ? `${e.localName}` : '';
for (const e of all()) {
  for (const name of ['aria-label', 'title', 'aria-description', 'aria-valuetext']) {
    if (e.hasAttribute(name)) say(`${name} of ${near(e)}`, e.getAttribute(name));
  }
  for (const {name, value} of e.attributes) {
    if (name.startsWith('data-') && value.length < 300) say(`${name} of ${near(e)}`, value);
  }
  if (e.localName === 'title' && e instanceof SVGElement || e.localName === 'desc') {
    say(`${e.localName} of ${near(e.parentNode)}`, e.textContent);
  }
}
return JSON.stringify([...groups].filter(([, texts]) => texts.length >= 12));
