// Series of chart objects that registries, elements, jQuery data, React props or bound data lead to.
const found = [];
const taken = new Set();
const take = (library, name, xs, ys, colours) => {
  if (ys.length && ys.some(y => amount(y) !== null)) found.push({library, name: plain(String(name ?? '')),
    x: ys.map((_, n) => cell(xs && xs[n])), y: ys.map(amount),
    colours: colours ? colours.map(c => typeof c === 'string' ? c : c ? 'pattern' : '') : []});
};
const once = (object, read) => {
  if (!object || taken.has(object)) return;
  taken.add(object);
  try { read(object); } catch { /* not what it looked like */ }
};
const column = (rows, key) => rows.map(row => typeof key === 'function' ? key(row)
  : row == null ? null : typeof row === 'object' ? row[key] : null);
const timeKey = row => Object.keys(row).find(k => isDate(row[k]))
  ?? Object.keys(row).find(k => /date|time|hour|start|label|^x$|^t$|^ts$|^when$|category/i.test(k));

const highcharts = chart => chart.series.filter(s => s.visible && !(s.options || {}).isInternal).forEach(s => {
  const column = name => s.getColumn ? s.getColumn(name) : s[`${name}Data`];
  const ys = [...(column('y') || [])], xs = [...(column('x') || [])];
  const named = (s.xAxis || {}).categories || (s.xAxis || {}).names;
  const colours = new Map((s.points || []).map(p => [p.x, p.color]));
  take('Highcharts', s.name, xs.map(x => named && named[x] !== undefined ? named[x] : x), ys,
    xs.map(x => colours.get(x)));
});
const chartjs = chart => chart.data.datasets.forEach((set, at) => {
  if (chart.isDatasetVisible && !chart.isDatasetVisible(at)) return;
  const rows = [...set.data], pairs = rows.some(r => r && typeof r === 'object');
  const colours = set.backgroundColor;
  take('Chart.js', set.label, pairs ? column(rows, 'x') : chart.data.labels,
    pairs ? column(rows, 'y') : rows, Array.isArray(colours) ? colours : null);
});
const echart = chart => {
  const option = chart.getOption();
  const named = ((option.xAxis || [])[0] || {}).data;
  (option.series || []).forEach((s, at) => {
    const rows = s.data || ((option.dataset || [])[s.datasetIndex || 0] || {}).source || [];
    const bare = rows.map(r => r && typeof r === 'object' && !Array.isArray(r) && 'value' in r ? r.value : r);
    const pairs = bare.some(Array.isArray);
    const styles = rows.map(r => r && r.itemStyle && r.itemStyle.color);
    take('ECharts', s.name, pairs ? bare.map(r => r && r[0]) : named,
      pairs ? bare.map(r => r && r[s.data ? 1 : at + 1]) : bare, styles.some(Boolean) ? styles : null);
  });
};
const plotly = element => element.data.forEach((trace, at) => {
  const full = (element._fullData || [])[at] || trace;
  const plainly = v => v && v.bdata ? [...(full.y === v ? [] : full.y)] : [...(v || [])];
  const colours = (trace.marker || {}).color;
  if (full.visible !== 'legendonly') take('Plotly', full.name, plainly(trace.x), plainly(trace.y),
    Array.isArray(colours) ? colours : null);
});
const apex = chart => chart.w.config.series.forEach(s => {
  const rows = s.data || [], pairs = rows.some(r => r && typeof r === 'object');
  const config = chart.w.config, named = (config.xaxis.categories || []).length
    ? config.xaxis.categories : config.labels;
  take('ApexCharts', s.name, !pairs ? named : rows.map(r => Array.isArray(r) ? r[0] : r.x),
    !pairs ? rows : rows.map(r => Array.isArray(r) ? r[1] : r.y),
    pairs && rows.some(r => r && r.fillColor) ? column(rows, 'fillColor') : null);
});
const am5series = series => {
  const get = name => series.get(name);
  const x = get('valueXField') || get('categoryXField'), y = get('valueYField');
  const rows = series.dataItems.map(item => item.dataContext);
  if (y && rows.length) take('amCharts 5', get('name'), column(rows, x), column(rows, y));
};
const am5 = root => {
  const walk5 = sprite => {
    if (sprite.series && sprite.series.values) sprite.series.values.forEach(s => once(s, am5series));
    for (const child of (sprite.children || {}).values || []) walk5(child);
  };
  walk5(root.container);
};
const am4 = chart => chart.series && chart.series.values.forEach(s => {
  const x = (s.dataFields || {}), rows = s.data && s.data.length ? s.data : chart.data;
  if (x.valueY) take('amCharts 4', s.name, column(rows, x.dateX || x.categoryX || x.valueX),
    column(rows, x.valueY));
});
const kendo = chart => chart.options.series.forEach(s => {
  const rows = s.data || [], objects = rows.some(r => r && typeof r === 'object' && !Array.isArray(r));
  const named = ([].concat(chart.options.categoryAxis || [])[0] || {}).categories;
  take('Kendo', s.name, objects && s.categoryField ? column(rows, s.categoryField) : named,
    objects ? column(rows, s.field || 'value') : rows, objects && s.colorField ? column(rows, s.colorField) : null);
});
const devextreme = chart => chart.getAllSeries().forEach(s => {
  const points = s.getAllPoints();
  if (s.isVisible()) take('DevExtreme', s.name, points.map(p => p.data && s.getArgumentField
    ? p.data[s.getArgumentField()] : p.originalArgument), points.map(p => p.originalValue));
});
const flot = plot => plot.getData().forEach(s => {
  const options = (plot.getXAxes()[0] || {}).options || {}, ticks = new Map(
    Array.isArray(options.ticks) ? options.ticks : []);
  const xs = s.data.map(r => r && r[0]);
  take('Flot', s.label, xs.map(x => ticks.get(x) ?? x), s.data.map(r => r && r[1]));
});
const jqplot = plot => plot.series.forEach(s => {
  const ticks = ((s._xaxis || {}).ticks || []).map(t => Array.isArray(t) ? t[1] : t);
  const rows = s._plotData && s._plotData.length ? s._plotData : s.data;
  take('jqPlot', s.label, rows.map(r => typeof ticks[r[0] - 1] === 'string' ? ticks[r[0] - 1] : r[0]),
    rows.map(r => r[1]));
});
const dygraph = graph => graph.getLabels().slice(1).forEach((name, at) => {
  const rows = Array.from({length: graph.numRows()}, (_, n) => n);
  take('dygraphs', name, rows.map(n => graph.getValue(n, 0)), rows.map(n => graph.getValue(n, at + 1)));
});
const uplot = plot => plot.series.slice(1).forEach((s, at) => {
  if (s.show !== false) take('uPlot', s.label, [...plot.data[0]], [...plot.data[at + 1]]);
});
const c3 = chart => {
  const targets = chart.internal.data.targets, named = (chart.internal.config || {}).axis_x_categories || [];
  targets.forEach(t => take(chart.internal.d3 ? 'C3' : 'Billboard', t.id,
    t.values.map(v => named[v.x] ?? v.x), column(t.values, 'value')));
};

const KINDS = [
  [o => o.series && o.xAxis && o.renderer && typeof o.addSeries === 'function', highcharts],
  [o => o.data && o.data.datasets && o.ctx && o.chartArea, chartjs],
  [o => typeof o.getOption === 'function' && typeof o.getZr === 'function', echart],
  [o => o.w && o.w.globals && o.w.config && o.w.config.series, apex],
  [o => typeof o.getAllSeries === 'function', devextreme],
  [o => o.options && o.options.series && typeof o.setDataSource === 'function', kendo],
  [o => typeof o.getData === 'function' && typeof o.getXAxes === 'function', flot],
  [o => o.series && o._plotData !== undefined || o.series && typeof o.replot === 'function', jqplot],
  [o => typeof o.getLabels === 'function' && typeof o.numRows === 'function', dygraph],
  [o => Array.isArray(o.data) && Array.isArray(o.series) && o.bbox && o.scales, uplot],
  [o => o.internal && o.internal.data && o.internal.data.targets, c3],
  [o => o.container && o.container.children && typeof o.tapToActivate !== 'undefined', am5],
  [o => o.className && /Chart$/.test(o.className) && o.series && o.series.values, am4],
];
const tryAll = object => {
  if (!object || typeof object !== 'object' || object === window || taken.has(object)) return;
  for (const [is, read] of KINDS) {
    let fits = false;
    try { fits = is(object); } catch { /* a getter that refuses */ }
    if (fits) return once(object, read);
  }
};
const named = (read) => { try { for (const o of read() || []) tryAll(o); } catch { /* not here */ } };

named(() => Highcharts.charts);
named(() => Object.values(Chart.instances));
named(() => all().filter(e => e.hasAttribute('_echarts_instance_')).map(e => echarts.getInstanceByDom(e)));
named(() => Apex._chartInstances.map(c => c.chart));
named(() => am5core.registry.rootElements);
named(() => window.am5.registry.rootElements);
named(() => am4core.registry.baseSprites);
named(() => all().filter(e => /dx/.test(e.className)).map(e => DevExpress.viz.dxChart.getInstance(e)));
named(() => bb.instance);
named(() => Object.getOwnPropertyNames(window).filter(n => !(n in Window.prototype) && !/^webkit|^on/.test(n))
  .map(n => { try { return window[n]; } catch { return null; } }));

const bound = [];
const fibers = new Set();
const fiber = start => {
  for (let at = start, up = 0; at && up < 60; at = at.return, up++) {
    if (fibers.has(at)) return;
    fibers.add(at);
    const props = at.memoizedProps;
    const rows = props && props.data;
    if (!Array.isArray(rows) || !rows.length || taken.has(rows)) continue;
    taken.add(rows);
    reactSeries(props, rows);
  }
};
const reactSeries = (props, rows) => {
  if (rows.every(r => r && Array.isArray(r.data))) {
    for (const s of rows) take('Nivo', s.id, column(s.data, 'x'), column(s.data, 'y'));
    return;
  }
  const rowed = rows.filter(r => r && typeof r === 'object');
  if (rowed.length !== rows.length) return;
  const flat = [].concat(props.children || []).flat(9);
  const keys = flat.map(c => c && c.props && c.props.dataKey).filter(Boolean);
  const axis = flat.find(c => c && c.props && c.props.dataKey && !c.props.name
    && (c.type.displayName || c.type.name || '').includes('XAxis'));
  const x = typeof props.indexBy === 'string' || typeof props.indexBy === 'function' ? props.indexBy
    : axis ? axis.props.dataKey : timeKey(rows[0]);
  const ys = Array.isArray(props.keys) ? props.keys : keys.length ? keys
    : Object.keys(rows[0]).filter(k => k !== x && rows.some(r => typeof r[k] === 'number'));
  for (const key of new Set(ys)) if (key !== x) {
    take('React props', key, column(rows, x), column(rows, key));
  }
};

for (const element of all()) {
  for (const name of Object.getOwnPropertyNames(element)) {
    const held = element[name];
    if (!held || typeof held !== 'object') continue;
    if (name === '__data__') {
      bound.push([element, held]);
    } else if (name === 'point' && held.series) tryAll(held.series.chart);
    else if (name.startsWith('__reactFiber') || name.startsWith('_reactRootContainer')) fiber(held);
    else if (name === 'data' && element.classList.contains('js-plotly-plot')) once(element, plotly);
    else if (name.startsWith('jQuery')) for (const data of Object.values(held)) tryAll(data);
    else tryAll(held);
  }
}
const together = () => {
  // Marks of one series have a parent in common, or their parents have.
  const lists = new Map();
  for (const [e, held] of bound) {
    const siblings = bound.filter(([o]) => o.parentNode === e.parentNode && o.localName === e.localName).length;
    const over = siblings > 2 || !e.parentNode ? e.parentNode : e.parentNode.parentNode;
    const key = `${e.localName} ${siblings > 2 || siblings < 2 ? (e.getAttribute('class') || '') : ''}`;
    if (!lists.has(over)) lists.set(over, new Map());
    const kinds = lists.get(over);
    kinds.set(key, [...(kinds.get(key) || []), held]);
  }
  return [...lists.values()].flatMap(kinds => [...kinds.values()]);
};
if (!found.length && bound.length < 3000) for (const rows of together()) {
  // Data that D3 bound to marks of one kind; a bound array is a whole series of its own.
  const whole = rows.length === 1 || Array.isArray(rows[0]) && rows[0].length > 2;
  for (const bare of whole ? rows.map(r => Array.isArray(r) ? r : r && (r.values || r.data)) : [rows]) {
    if (!Array.isArray(bare) || bare.length < 3 || bare.some(r => !r || typeof r !== 'object')) continue;
    const list = bare.map(r => r.data && typeof r.data === 'object' && !Array.isArray(r) ? r.data : r);
    const x = Array.isArray(list[0]) ? 0 : timeKey(list[0]);
    for (const y of Object.keys(list[0])) if (String(x) !== y && y !== 'index'
      && list.some(r => typeof r[y] === 'number')) take('D3', typeof list[0].id === 'string' ? list[0].id : y,
      column(list, x), column(list, y));
  }
}
return JSON.stringify(found);
