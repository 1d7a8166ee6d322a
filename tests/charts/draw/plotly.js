globalThis.draw = (Plotly, el, d) => Plotly.newPlot(el, d.series.map(s => ({
  type: 'bar', name: s.name, y: s.values, x: d.time ? d.walls : d.labels})),
{title: {text: d.title}, yaxis: {title: {text: 'kWh'}}, xaxis: d.time ? {} : {type: 'category'}});
