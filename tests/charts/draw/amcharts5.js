globalThis.draw = ({core, xy}, el, d) => {
  const root = core.Root.new(el);
  const chart = root.container.children.push(xy.XYChart.new(root, {}));
  chart.children.unshift(core.Label.new(root, {text: d.title}));
  const rows = d.labels.map((label, n) => Object.fromEntries([['label', label], ['time', d.times[n]],
    ...d.series.map(s => [s.name, s.values[n]])]));
  const y = chart.yAxes.push(xy.ValueAxis.new(root, {renderer: xy.AxisRendererY.new(root, {})}));
  const x = chart.xAxes.push(d.time
    ? xy.DateAxis.new(root, {baseInterval: {timeUnit: 'hour', count: 1}, renderer: xy.AxisRendererX.new(root, {})})
    : xy.CategoryAxis.new(root, {categoryField: 'label', renderer: xy.AxisRendererX.new(root, {})}));
  if (!d.time) x.data.setAll(rows);
  for (const s of d.series) {
    const series = chart.series.push(xy.ColumnSeries.new(root, {name: s.name, xAxis: x, yAxis: y,
      valueYField: s.name, ...(d.time ? {valueXField: 'time'} : {categoryXField: 'label'})}));
    series.data.setAll(rows);
  }
};
