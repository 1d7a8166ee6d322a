// What every script needs: all elements, through open shadow roots, and cells that JSON can hold.
const walk = function* (root) {
  for (const element of root.querySelectorAll('*')) {
    yield element;
    if (element.shadowRoot) yield* walk(element.shadowRoot);
  }
};
const all = () => [...walk(document)];
const plain = text => (text || '').replace(/\s+/g, ' ').trim();
const isDate = v => Object.prototype.toString.call(v) === '[object Date]';
const cell = v => {
  if (v === null || v === undefined) return null;
  if (isDate(v)) return {ms: Number(v)};
  if (typeof v === 'object') return typeof v.toISOString === 'function' ? {ms: Number(v)} : null;
  return typeof v === 'number' || typeof v === 'string' ? v : null;
};
const amount = v => {
  if (Array.isArray(v)) v = v.length ? v[v.length - 1] : null;
  if (typeof v === 'string') return v.trim() !== '' && Number.isFinite(Number(v)) ? v.trim() : null;
  return typeof v === 'number' && Number.isFinite(v) ? v : null;
};
