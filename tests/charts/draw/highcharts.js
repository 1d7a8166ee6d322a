globalThis.draw = (Highcharts, el, d) => Highcharts.chart(el, {
  chart: {type: 'column'}, title: {text: d.title},
  time: {timezone: d.time === 'instant' ? d.zone : 'UTC'},
  xAxis: d.time ? {type: 'datetime'} : {categories: d.labels},
  yAxis: {title: {text: 'kWh'}},
  tooltip: {headerFormat: d.time ? '{point.key}<br>' : '<b>{point.key}</b><br>', xDateFormat: '%Y-%m-%d %H:%M'},
  plotOptions: {series: {animation: false}},
  series: d.series.map(s => ({name: s.name, data: s.values.map((v, n) => d.time ? [d.times[n], v] : v)})),
});
