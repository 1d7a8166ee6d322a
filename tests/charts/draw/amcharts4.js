globalThis.draw = ({core, charts}, el, d) => {
  const chart = core.create(el, charts.XYChart);
  chart.titles.create().text = d.title;
  chart.data = d.labels.map((label, n) => Object.fromEntries([['label', label], ['date', new Date(d.times[n])],
    ...d.series.map(s => [s.name, s.values[n]])]));
  const x = chart.xAxes.push(d.time ? new charts.DateAxis() : new charts.CategoryAxis());
  if (!d.time) x.dataFields.category = 'label';
  chart.yAxes.push(new charts.ValueAxis()).title.text = 'kWh';
  for (const s of d.series) {
    const series = chart.series.push(d.time ? new charts.LineSeries() : new charts.ColumnSeries());
    series.name = s.name;
    series.dataFields.valueY = s.name;
    if (d.time) series.dataFields.dateX = 'date'; else series.dataFields.categoryX = 'label';
  }
};
