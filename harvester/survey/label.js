// Says which words may be the label of what an element says: those before it, in it or beside it.
e => {
  const plain = text => (text || '').replace(/\s+/g, ' ').trim().replace(/\s*[:*]\s*$/, '');
  const own = plain(e.innerText);
  const beside = at => at && (at.previousElementSibling || (at.parentElement || {}).previousElementSibling);
  const before = e.previousSibling && e.previousSibling.nodeType === 3 ? plain(e.previousSibling.nodeValue) : '';
  const found = [own.includes(':') ? own.split(':')[0] : '', before, plain((beside(e) || {}).innerText)];
  return JSON.stringify(found.map(plain).filter(text => text && text.length < 60));
}
