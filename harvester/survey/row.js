// Says what else on the page is like an element: the row that it is in, and where in it.
(e, within) => {
  const plain = node => (node ? node.innerText : '').replace(/\s+/g, ' ').trim();
  const lasting = name => name && !/\d{2}|[:.$]|^(active|selected|even|odd|first|last|focus|hover)/i.test(name);
  const kind = at => at.localName + [...at.classList].filter(lasting).slice(0, 2).map(c => '.' + CSS.escape(c)).join('');
  const alike = at => [...at.parentElement.children].filter(c => kind(c) === kind(at));
  const climb = () => {
    let at = e;
    while (at.parentElement && at.parentElement !== document.body && alike(at).length < 2) at = at.parentElement;
    return alike(at).length < 2 ? null : at;
  };
  const anchored = at => {
    for (let up = at.parentElement; up; up = up.parentElement)
      if (lasting(up.id)) return '#' + CSS.escape(up.id) + ' ';
    return '';
  };
  if (!within) {
    const row = e.closest('tr,article,[role=row],[role=listitem]') || e.closest('li') || climb();
    if (!row) return JSON.stringify(null);
    const bare = kind(row) === 'tr';
    const css = anchored(row) + kind(row) + (bare ? ':has(> td)' : '');
    return JSON.stringify({row: css, each: row === e ? css : `${css} ${e.localName}`});
  }
  const row = e.closest(within);
  if (!row || row === e) return JSON.stringify(null);
  const cell = e.closest('td,th');
  const table = row.closest('table');
  const heads = table ? [...table.rows].map(r => [...r.cells]).find(r => r.some(c => c.matches('th'))) || [] : [];
  if (cell && row.cells) {
    const head = plain(heads[cell.cellIndex]);
    const only = heads.filter(h => plain(h) === head).length === 1;
    return JSON.stringify({text: plain(cell), header: head && only ? head : '', css: `td:nth-of-type(${cell.cellIndex + 1})`});
  }
  let css = [...e.classList].filter(lasting).map(c => '.' + CSS.escape(c)).find(c => row.querySelectorAll(c).length === 1);
  if (!css) {
    const path = [];
    for (let at = e; at !== row; at = at.parentElement)
      path.unshift(`${at.localName}:nth-of-type(${[...at.parentElement.children].filter(c => c.localName === at.localName).indexOf(at) + 1})`);
    css = ':scope > ' + path.join(' > ');
  }
  return JSON.stringify({text: plain(e), header: '', css});
}
