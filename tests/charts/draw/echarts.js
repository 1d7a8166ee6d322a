globalThis.draw = (echarts, el, d) => echarts.init(el).setOption({
  animation: false, title: {text: d.title}, tooltip: {trigger: 'axis', transitionDuration: 0}, legend: {bottom: 0},
  useUTC: d.time === 'wall', xAxis: d.time ? {type: 'time'} : {type: 'category', data: d.labels},
  yAxis: {type: 'value', name: 'kWh'},
  series: d.series.map(s => ({name: s.name, type: d.time ? 'line' : 'bar', connectNulls: false,
    data: s.values.map((v, n) => d.time ? [d.times[n], v] : v)})),
});
