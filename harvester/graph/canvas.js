// Remembers what is drawn on each canvas since it was last cleared: bars, dots, lines and words.
(() => {
  const MOST = 20000;
  const drawn = new Map();
  window[Symbol.for('harvester.canvas')] = drawn;
  const paths = new WeakMap();
  const of = canvas => drawn.get(canvas) || drawn.set(canvas, []).get(canvas);
  const at = (t, x, y) => [t.a * x + t.c * y + t.e, t.b * x + t.d * y + t.f];
  const unit = {a: 1, b: 0, c: 0, d: 1, e: 0, f: 0};
  const frame = target => target.getTransform ? target.getTransform() : unit;
  const begin = target => paths.set(target, []).get(target);
  const path = target => paths.get(target) || begin(target);
  const colour = style => typeof style === 'string' ? style : 'pattern';
  const note = (canvas, mark) => { const list = of(canvas); if (list.length < MOST) list.push(mark); };
  const box = (target, x, y, w, h) => [at(frame(target), x, y), at(frame(target), x + w, y + h)];
  const wrap = (type, name, before) => {
    const own = type.prototype[name];
    if (own) type.prototype[name] = function (...args) {
      try { before.call(this, ...args); } catch { /* the chart comes first */ }
      return own.apply(this, args);
    };
  };
  for (const type of [CanvasRenderingContext2D, Path2D]) {
    wrap(type, 'moveTo', function (x, y) { path(this).push({points: [at(frame(this), x, y)]}); });
    const to = function (x, y) {
      const subs = path(this);
      if (!subs.length || !subs[subs.length - 1].points) subs.push({points: []});
      subs[subs.length - 1].points.push(at(frame(this), x, y));
    };
    wrap(type, 'lineTo', to);
    wrap(type, 'bezierCurveTo', function (a, b, c, d, x, y) { to.call(this, x, y); });
    wrap(type, 'quadraticCurveTo', function (a, b, x, y) { to.call(this, x, y); });
    wrap(type, 'arcTo', function (a, b, x, y) { to.call(this, a, b); });
    wrap(type, 'rect', function (x, y, w, h) { path(this).push({box: box(this, x, y, w, h)}); });
    wrap(type, 'roundRect', function (x, y, w, h) { path(this).push({box: box(this, x, y, w, h)}); });
    wrap(type, 'arc', function (x, y, r) {
      if (r < 15) path(this).push({dot: at(frame(this), x, y)});
    });
  }
  wrap(Path2D, 'addPath', function (other) { path(this).push(...path(other)); });
  const c = CanvasRenderingContext2D;
  wrap(c, 'beginPath', function () { begin(this); });
  const ink = kind => function (given) {
    const own = given instanceof Path2D ? frame(this) : null;
    const place = p => own ? at(own, ...p) : p;
    const fill = colour(kind === 'fill' ? this.fillStyle : this.strokeStyle);
    const wide = kind === 'fill' ? 0 : this.lineWidth * Math.abs(frame(this).a);
    for (const sub of path(given instanceof Path2D ? given : this)) {
      if (sub.box) note(this.canvas, {kind: 'bar', how: kind, fill, at: sub.box.map(place)});
      else if (sub.dot) note(this.canvas, {kind: 'dot', how: kind, fill, at: [place(sub.dot)]});
      else note(this.canvas, {kind: 'line', how: kind, fill, wide, at: sub.points.map(place)});
    }
  };
  wrap(c, 'fill', ink('fill'));
  wrap(c, 'stroke', ink('stroke'));
  wrap(c, 'fillRect', function (x, y, w, h) {
    note(this.canvas, {kind: 'bar', how: 'fill', fill: colour(this.fillStyle), at: box(this, x, y, w, h)});
  });
  wrap(c, 'fillText', function (text, x, y) {
    const size = parseFloat(/([\d.]+)px/.exec(this.font)?.[1] || 12);
    const up = {top: 0.5, hanging: 0.5, middle: 0, bottom: -0.5}[this.textBaseline] ?? -0.36;
    const wide = this.measureText(text).width;
    const left = {center: -0.5, right: -1, end: -1}[this.textAlign] ?? 0;
    note(this.canvas, {kind: 'text', text: String(text),
      at: [at(frame(this), x + left * wide, y + up * size), at(frame(this), x + (left + 1) * wide, y + up * size)]});
  });
  wrap(c, 'clearRect', function (x, y, w, h) {
    const [a, b] = box(this, x, y, w, h);
    if ((b[0] - a[0]) * (b[1] - a[1]) > 0.6 * this.canvas.width * this.canvas.height) drawn.set(this.canvas, []);
  });
  for (const name of ['width', 'height']) {
    const own = Object.getOwnPropertyDescriptor(HTMLCanvasElement.prototype, name);
    Object.defineProperty(HTMLCanvasElement.prototype, name, {...own, set(size) {
      drawn.set(this, []);
      own.set.call(this, size);
    }});
  }
})();
