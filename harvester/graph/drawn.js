// What is drawn: bars, dots and lines with their places in the window, words, and loading signs.
const shapes = [], words = [], images = [];
let busy = false;
const ids = new Map();
const id = e => e ? ids.get(e) || ids.set(e, ids.size + 1).get(e) : 0;
const shown = e => e.checkVisibility ? e.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) : true;
const round = v => Math.round(v * 1000) / 1000;
const vertices = d => {
  const points = [];
  let x = 0, y = 0, fx = 0, fy = 0;
  for (const [, letter, rest] of d.matchAll(/([MLHVCSQTAZ])([^MLHVCSQTAZ]*)/gi)) {
    const n = (rest.match(/-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi) || []).map(Number);
    const type = letter.toUpperCase(), near = letter !== type;
    const size = {M: 2, L: 2, T: 2, H: 1, V: 1, C: 6, S: 4, Q: 4, A: 7, Z: 0}[type];
    if (!size) { x = fx; y = fy; continue; }
    for (let at = 0; at + size <= n.length; at += size) {
      const end = n.slice(at, at + size);
      if (type === 'H') x = (near ? x : 0) + end[0];
      else if (type === 'V') y = (near ? y : 0) + end[0];
      else { x = (near ? x : 0) + end[size - 2]; y = (near ? y : 0) + end[size - 1]; }
      if (type === 'M' && at === 0) { fx = x; fy = y; }
      points.push([x, y]);
    }
  }
  return points;
};
const add = (kind, points, fill, e, how) => shapes.push({kind, at: points.map(p => p.map(round)), fill, how,
  group: [e.getAttribute('class') || '', id(e.parentNode), id(e.parentNode && e.parentNode.parentNode)]});

// A thick stroke straight up is a bar.
const upright = (points, wide) => points.length === 2 && wide >= 3 && Math.abs(points[0][0] - points[1][0]) < 0.1;
const post = ([[x, a], [, b]], wide, stroke, e) => add('bar', [[x - wide / 2, a], [x + wide / 2, b]], stroke, e, 'fill');

const svg = e => {
  const r = e.getBoundingClientRect(), style = getComputedStyle(e);
  const filled = style.fill !== 'none' && style.fillOpacity !== '0' && !/, 0\)$/.test(style.fill);
  const fill = filled ? style.fill.startsWith('url') ? 'pattern' : style.fill : style.stroke;
  const ctm = e.getScreenCTM();
  const place = ([x, y]) => [ctm.a * x + ctm.c * y + ctm.e, ctm.b * x + ctm.d * y + ctm.f];
  if (e.localName === 'rect') {
    const box = [[e.x, e.y], [e.width, e.height]].map(p => p.map(l => l.baseVal.value));
    const [[x, y], [w, h]] = box;
    add('bar', [place([x, y]), place([x + w, y + h])], fill, e, filled ? 'fill' : 'stroke');
  } else if (e.localName === 'circle' || e.localName === 'ellipse') {
    add('dot', [[(r.left + r.right) / 2, (r.top + r.bottom) / 2]], fill, e, 'fill');
  } else {
    const listed = e.localName === 'line' ? [[e.x1, e.y1], [e.x2, e.y2]].map(p => p.map(l => l.baseVal.value))
      : e.localName === 'path' ? vertices(e.getAttribute('d') || '')
        : [...e.points].map(p => [p.x, p.y]);
    const points = listed.filter(p => p.every(Number.isFinite)).map(place);
    const steep = points.every(([x, y]) => [r.left, r.right].some(v => Math.abs(v - x) < 6.1)
      && [r.top, r.bottom].some(v => Math.abs(v - y) < 6.1));
    if (filled && r.width < 15 && r.height < 15 && r.width > 2 && Math.abs(r.width - r.height) < 2 && !steep) {
      add('dot', [[(r.left + r.right) / 2, (r.top + r.bottom) / 2]], fill, e, 'fill');
    } else if (filled && points.length >= 4 && points.length < 14) {
      // A bar whose border has its colour is as large as it looks.
      const border = style.stroke === style.fill ? parseFloat(style.strokeWidth) / 2 * Math.abs(ctm.d) : 0;
      add('bar', [[r.left - border, r.top - border], [r.right + border, r.bottom + border]], fill, e, 'fill');
    }
    else if (upright(points, parseFloat(style.strokeWidth) * Math.abs(ctm.a))) post(points, parseFloat(style.strokeWidth) * Math.abs(ctm.a), style.stroke, e);
    else if (points.length) add('line', points, fill, e, filled ? 'fill' : 'stroke');
  }
};
const canvas = (e, marks) => {
  const r = e.getBoundingClientRect();
  const place = ([x, y]) => [r.left + x * r.width / e.width, r.top + y * r.height / e.height];
  for (const mark of marks) {
    const points = mark.at.map(place);
    if (points.every(([x, y]) => x < r.left - 50 || x > r.right + 50 || y < r.top - 5 || y > r.bottom + 5)) continue;
    if (mark.kind === 'text') words.push({text: plain(mark.text), at: points.map(p => p.map(round)), drawn: true,
      tilted: Math.abs(points[0][1] - points[1][1]) > 1});
    else if (mark.kind === 'line' && mark.how === 'fill' && points.length >= 4 && points.length < 14) {
      const xs = points.map(p => p[0]), ys = points.map(p => p[1]);
      add('bar', [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]], mark.fill, e, 'fill');
    } else if (mark.kind === 'line' && upright(points, mark.wide * r.width / e.width)) {
      post(points, mark.wide * r.width / e.width, mark.fill, e);
    } else add(mark.kind, points, mark.fill, e, mark.how);
  }
};

const drawings = window[Symbol.for('harvester.canvas')] || new Map();
let charts = 0;
for (const e of all()) {
  const inSvg = e instanceof SVGElement;
  if (/^(rect|circle|ellipse|path|line|polyline|polygon)$/.test(e.localName) && inSvg) {
    if (!e.closest('defs,clipPath,symbol,pattern,marker,mask') && shapes.length < 8000 && shown(e)) {
      try { svg(e); } catch { /* not laid out */ }
    }
    continue;
  }
  if (e.localName === 'canvas' && shown(e)) canvas(e, drawings.get(e) || []);
  if (e.localName === 'canvas' || e.localName === 'svg') {
    const r = e.getBoundingClientRect();
    if (r.width >= 150 && r.height >= 60 && shown(e)) charts++;
  }
  const style = e.localName === 'img' || e.localName === 'picture' || e.localName === 'input' ? null : undefined;
  if (style === null || /url\(/.test(e.getAttribute('style') || '')) {
    const r = e.getBoundingClientRect();
    if (r.width >= 200 && r.height >= 80 && shown(e)) images.push(e.localName);
  }
  if (e.localName === 'script' || e.localName === 'style' || e.localName === 'title') continue;
  if ((e.getAttribute('aria-busy') === 'true' || /^(status|progressbar|alert)$/.test(e.getAttribute('role') || '')
    || /(^|[-_ ])(loading|spinner|loader)([-_ ]|$)/i.test(e.getAttribute('class') || '')) && shown(e)
    && (/loading|wait|\u2026|\.\.\./i.test(plain(e.textContent)) || e.getAttribute('aria-busy') === 'true')) busy = true;
  if (e.localName === 'input' && e.type === 'date' && e.value) words.push({text: e.value, at: [], input: true});
  if (e.localName === 'tspan') continue;
  const text = [...e.childNodes].filter(n => n.nodeType === 3 || /^(tspan|textPath)$/.test(n.localName || ''))
    .map(n => n.textContent).join(' ');
  if (plain(text) && words.length < 4000 && shown(e)) {
    const r = e.getBoundingClientRect();
    const middle = (r.top + r.bottom) / 2;
    words.push({text: plain(text), at: [[r.left, middle], [r.right, middle]].map(p => p.map(round)), drawn: inSvg,
      tilted: inSvg && e.getScreenCTM && Math.abs((e.getScreenCTM() || {b: 0}).b) > 0.05});
  }
}
return JSON.stringify({shapes, words, images: images.length, charts, busy});
