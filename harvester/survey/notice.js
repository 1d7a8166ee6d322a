// Tells whether a control is part of something that lies over the page or asks about cookies, and
// that has no field: a notice, which is closed and not come back to.
e => {
  const NOTICE = 'dialog,[role=dialog],[role=alertdialog],[aria-modal=true]';
  const COOKIES = ['id', 'class', 'aria-label'].flatMap(name => ['cookie', 'consent'].map(
    word => `[${name}*=${word} i]`)).join();
  const FIELD = 'select,textarea,input:not([type=checkbox],[type=hidden],[type=submit],[type=button],[type=image])';
  if (!e.closest('a,button,summary,input,[role=button],[role=link],[onclick]')) return false;
  for (let at = e; at && at !== document.body; at = at.parentElement || (at.getRootNode() || {}).host) {
    if (at.matches(`${NOTICE},${COOKIES}`) || getComputedStyle(at).position === 'fixed') return !at.querySelector(FIELD);
  }
  return false;
}
