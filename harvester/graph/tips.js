// Moves a pointer over the chart in steps, by events of its own, and notes what then becomes visible.
const [where, most] = argument;
const drawings = () => window[Symbol.for('harvester.canvas')] || new Map();
const ready = () => new Promise(done => requestAnimationFrame(() => setTimeout(done, 12)));
const shown = e => e.checkVisibility ? e.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) : true;
const charts = all().filter(e => (e.localName === 'svg' || e.localName === 'canvas') && shown(e)).filter(e => {
  const r = e.getBoundingClientRect();
  return r.width >= 150 && r.height >= 60;
});
if (!charts.length) return '[]';
const rows = e => {
  // A text in one piece; parts that stand in blocks of their own are kept apart.
  const parts = [];
  const tell = n => { for (const c of n.childNodes) {
    if (c.nodeType === 3) parts.push(c.nodeValue);
    else if (c.nodeType === 1) { parts.push(' '); tell(c); parts.push(' '); }
  } };
  tell(e);
  return plain(parts.join(''));
};
const before = new Map();
const texts = () => {
  const found = [];
  for (const e of all()) {
    if (e.closest('script,style,table') && e.localName !== 'table') continue;
    const inSvg = e instanceof SVGElement;
    if (inSvg ? e.localName !== 'g' && e.localName !== 'text' : e.childElementCount > 40) continue;
    if (e.localName === 'html' || e.localName === 'body' || e.localName === 'svg') continue;
    const text = rows(e);
    if (text.length < 4 || text.length > 240 || !/\d/.test(text) || !shown(e)) continue;
    found.push([e, text]);
  }
  return found;
};
const painted = () => [...drawings()].flatMap(([e, marks]) => e.isConnected
  ? [[e, marks.filter(m => m.kind === 'text').map(m => m.text)]] : []);
for (const [e, text] of texts()) before.set(e, text);
const count = words => words.reduce((known, w) => known.set(w, (known.get(w) || 0) + 1), new Map());
const paintedBefore = count(painted().flatMap(([, words]) => words));
const found = [];
const look = () => {
  const fresh = texts().filter(([e, text]) => before.get(e) !== text);
  const inner = fresh.filter(([e]) => !fresh.some(([o]) => o !== e && e.contains(o) && /\d.*\d/.test(rows(o)) && rows(o) === rows(e)));
  const left = new Map(paintedBefore);
  const words = painted().flatMap(([, list]) => list).filter(w => {
    left.set(w, (left.get(w) || 0) - 1);
    return left.get(w) < 0;
  });
  const said = inner.map(([, text]) => text);
  if (words.length) said.push(words.join(' '));
  if (said.length) found.push(said);
};
const chart = charts.sort((a, b) => {
  const [p, q] = [a, b].map(e => e.getBoundingClientRect());
  return q.width * q.height - p.width * p.height;
})[0];
const box = chart.getBoundingClientRect();
const send = (x, y) => {
  const target = (root => { let e = root.elementFromPoint(x, y);
    while (e && e.shadowRoot && e.shadowRoot.elementFromPoint(x, y) !== e) {
      const inner = e.shadowRoot.elementFromPoint(x, y);
      if (!inner) break;
      e = inner;
    }
    return e; })(document) || chart;
  if (send.last && send.last !== target) for (const type of ['pointerout', 'mouseout', 'mouseleave']) {
    send.last.dispatchEvent(new (type[0] === 'p' ? PointerEvent : MouseEvent)(type, {bubbles: type !== 'mouseleave',
      composed: true, clientX: x, clientY: y, view: window, relatedTarget: target}));
  }
  const enter = send.last !== target;
  send.last = target;
  const about = {bubbles: true, composed: true, cancelable: true, clientX: x, clientY: y, screenX: x, screenY: y,
    view: window, pointerType: 'mouse', pointerId: 1, isPrimary: true, buttons: 0};
  for (const type of [...(enter ? ['pointerover', 'pointerenter', 'mouseover', 'mouseenter'] : []), 'pointermove', 'mousemove']) {
    const Kind = type.startsWith('p') ? PointerEvent : MouseEvent;
    target.dispatchEvent(new Kind(type, {...about, bubbles: !type.endsWith('enter')}));
  }
};
const inside = where.filter(([x, y]) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom);
const steps = inside.length ? inside : Array.from({length: most},
  (_, n) => [box.left + (n + 0.5) * box.width / most, box.top + box.height * 0.55]);
const began = performance.now();
for (const [x, y] of steps) {
  if (performance.now() - began > 14000) break;
  send(x - 1, y);
  await ready();
  send(x, y);
  await ready();
  await ready();
  look();
}
send(box.left + 1, box.top + 1);
return JSON.stringify(found);
