// SPDX-License-Identifier: GPL-3.0-or-later
//
// The panel "AI" on the study and series pages of Orthanc Explorer. Everything that comes from outside (names of rules,
// models, series; reasons; errors) becomes a text node, never markup. Orthanc Explorer is jQuery 1.7 with jQuery Mobile.
(function() {
  'use strict';

  var REFRESH_MS = 3000;  // while something is going on, and the panel is open
  var UNFINISHED = {queued: 1, leased: 1, produced: 1};
  var STATES = {queued: 'waits', leased: 'runs', produced: 'is being delivered', delivered: 'delivered', failed: 'failed'};
  var timer = null;

  function Element(tag, text, style) {
    var element = $(document.createElement(tag));
    if (text !== undefined && text !== null) element.text(String(text));
    if (style) element.css(style);
    return element;
  }

  function Row(cells, tag) {
    var row = Element('tr');
    $.each(cells, function(_, cell) {
      row.append(Element(tag || 'td', null, {textAlign: 'left', verticalAlign: 'top', padding: '2px 12px 2px 0',
        fontWeight: tag ? 'bold' : 'normal'}).append(typeof cell === 'object' ? cell : document.createTextNode(String(cell))));
    });
    return row;
  }

  function Append(parent, children) {
    $.each(children, function(_, child) { parent.append(child); });
    return parent;
  }

  function Table(head, rows) {
    return Append(Element('table', null, {borderCollapse: 'collapse', width: '100%'}).append(Row(head, 'th')), rows);
  }

  function Section(title, content) {
    return Element('div', null, {margin: '0 0 10px'}).append(Element('h4', title, {margin: '4px 0'})).append(content);
  }

  // With `kind` in place of its Modality.
  function SeriesName(view, uid, kind) {
    var series = view.series[uid];
    if (!series) return uid ? '…' + uid.slice(-12) : 'all series';
    return [kind || series.modality, series.number ? '#' + series.number : '', series.description].join(' ').replace(/ +/g, ' ');
  }

  // A link to a page of Orthanc Explorer, when Orthanc has the series.
  function SeriesLink(view, uid, text) {
    var series = view.series[uid];
    if (!series || !/^[0-9a-f-]{44}$/.test(series.orthanc_series)) return Element('span', text);
    return Element('a', text).attr('href', '#series?uuid=' + series.orthanc_series);
  }

  function JobsOf(view) {
    return $.grep(view.study ? view.study.jobs : [], function(job) {
      return !view.series_uid || job.series_uid === view.series_uid;
    });
  }

  function Waiting(view) {
    return $.grep(view.study ? view.study.requests : [], function(request) {
      return !request.finished_at && (!view.series_uid || !request.series_uid || request.series_uid === view.series_uid);
    });
  }

  function Count(jobs, states) {
    return $.grep(jobs, function(job) { return states[job.state]; }).length;
  }

  // [short, long]: what the button says, and the first line of the panel.
  function State(view) {
    if (!view.study) return ['not seen', 'Axial has not seen this study yet.'];
    var jobs = JobsOf(view), running = Count(jobs, UNFINISHED), failed = Count(jobs, {failed: 1});
    var total = jobs.length + (jobs.length === 1 ? ' analysis' : ' analyses');
    if (running) return ['running', running + ' of ' + total + ' not finished.'];
    if (Waiting(view).length) return ['requested', 'A requested analysis waits for images that are still coming.'];
    if (view.study.revision_state === 'open') return ['collecting', 'The study is still being received.'];
    if (failed) return ['failed', failed + ' of ' + total + ' failed.'];
    if (jobs.length) return ['done', total + ' finished.'];
    return ['no analysis', 'No rule matched.'];
  }

  function Busy(view) {
    var state = State(view)[0];
    return state === 'running' || state === 'requested' || state === 'collecting' || state === 'not seen';
  }

  function Jobs(view) {
    var rows = $.map(JobsOf(view), function(job) {
      var state = STATES[job.state] || job.state;
      if (job.state === 'leased') state += ' ' + Math.round(100 * job.progress) + ' %' + (job.stage ? ', ' + job.stage : '');
      if (job.error) state += ': ' + job.error.message;
      return Row([job.model + ' ' + job.model_version, SeriesName(view, job.series_uid), state, job.summary || '']);
    }).concat($.map(Waiting(view), function(request) {
      return Row([request.model, SeriesName(view, request.series_uid), 'requested', request.outcome]);
    }));
    return rows.length ? Section('Analyses', Table(['Model', 'Series', 'State', 'Summary'], rows)) : null;
  }

  function Results(view) {
    var wanted = {};
    $.each(JobsOf(view), function(_, job) { wanted[job.id] = true; });
    var items = $.map($.grep(view.results, function(result) { return wanted[result.job_id]; }), function(result) {
      var here = result.orthanc_instance, kind = result.kind.toUpperCase();
      var name = here ? SeriesName(view, result.series_uid, kind) : kind + ', not in this Orthanc';
      return Element('li').append(here ? SeriesLink(view, result.series_uid, name) : Element('span', name));
    });
    return items.length ? Section('Results', Append(Element('ul', null, {margin: 0}).addClass('axial-results'), items)) : null;
  }

  function Verdicts(view) {
    var revisions = view.study ? view.study.revisions : [], verdicts = [];
    // The newest verdict of each rule on each series: a later revision judges only what changed.
    var newest = {};
    $.each(revisions, function(_, revision) {
      $.each(revision.verdicts, function(_, verdict) { newest[verdict.rule_index + ' ' + verdict.series_uid] = verdict; });
    });
    $.each(newest, function(_, verdict) {
      if (!view.series_uid || verdict.series_uid === view.series_uid) verdicts.push(verdict);
    });
    if (!verdicts.length) return null;
    return Section('Rules', Table(['Rule', 'Series', 'Matched', 'Why'], $.map(verdicts, function(verdict) {
      return Row([verdict.rule, SeriesName(view, verdict.series_uid), verdict.matched ? 'yes' : 'no', verdict.reason]);
    })));
  }

  // Models that take something of what is shown.
  function Fitting(view) {
    return $.grep(view.models, function(model) {
      if (!model.modalities.length) return true;
      var fits = false;
      $.each(view.series, function(uid, series) {
        if ((!view.series_uid || uid === view.series_uid) && $.inArray(series.modality, model.modalities) >= 0) fits = true;
      });
      return fits;
    });
  }

  function Message(response) {
    try {
      return JSON.parse(response.responseText).detail || response.responseText;
    } catch (error) {
      return response.status ? 'Orthanc answered ' + response.status : 'Orthanc does not answer';
    }
  }

  function RunModel(page, view) {
    var models = Fitting(view);
    if (!models.length) return Section('Run a model', Element('span', 'No model takes these series.'));
    // data-role none: jQuery Mobile leaves them as they are.
    var choice = Element('select').attr('data-role', 'none').addClass('axial-model');
    $.each(models, function(_, model) {
      choice.append(Element('option', model.name + ' ' + model.version).val(model.name));
    });
    var answer = Element('span', page.answer || '', {marginLeft: '10px'}).addClass('axial-answer');
    var button = Element('button', 'Run').attr({'data-role': 'none', type: 'button'}).addClass('axial-run');
    if (page.chosen) choice.val(page.chosen);
    choice.change(function() { page.chosen = choice.val(); });
    button.click(function() {
      var uuid = page.uuid;
      button.attr('disabled', 'disabled');
      $.ajax({
        url: '../axial/' + page.level + '/' + uuid + '/analyze', type: 'POST', contentType: 'application/json',
        data: JSON.stringify({model: choice.val()}), dataType: 'json',
        success: function(asked) { Told(page, uuid, asked.model + ' ' + asked.outcome); },
        error: function(response) { Told(page, uuid, Message(response)); }
      });
      return false;
    });
    return Section('Run a model', Element('div').append(choice, ' ', button, answer));
  }

  function Told(page, uuid, text) {
    if (page.uuid !== uuid) return;  // another study is shown now
    page.answer = text;
    Refresh(page);
  }

  function Show(page, view) {
    var state = State(view);
    page.button.find('.axial-state').text(state[0]);
    page.panel.empty().append(Element('div', state[1], {margin: '0 0 10px'}).addClass('axial-headline'));
    $.each([Results(view), Jobs(view), Verdicts(view), RunModel(page, view)], function(_, section) {
      if (section) page.panel.append(section);
    });
  }

  function Refresh(page) {
    window.clearTimeout(timer);
    var uuid = page.uuid;
    if (!uuid) return;
    $.ajax({
      url: '../axial/' + page.level + '/' + uuid, dataType: 'json', cache: false,
      success: function(view) {
        if (page.uuid !== uuid) return;
        // Not while a person chooses: a new list would close the one that is open.
        if (!page.panel.find('select').is(':focus')) Show(page, view);
        if (Busy(view) && page.panel.is(':visible')) timer = window.setTimeout(function() { Refresh(page); }, REFRESH_MS);
      },
      error: function(response) {
        if (page.uuid !== uuid) return;
        page.button.find('.axial-state').text('not available');
        page.panel.empty().append(Element('div', Message(response)).addClass('axial-headline'));
      }
    });
  }

  function Extend(level, id, list) {
    var page = {level: level, uuid: null, button: null, panel: null, answer: '', chosen: null};
    $(id).live('pagebeforecreate', function() {
      page.button = Element('a').attr({href: '#', 'data-role': 'button', 'data-icon': 'info', 'data-theme': 'e'})
        .addClass('axial-button').append(document.createTextNode('AI: '), Element('span', '…').addClass('axial-state'));
      page.button.insertBefore($(id + '-delete').parent().parent());
      page.panel = Element('div', null, {border: '1px solid #bbb', borderRadius: '8px', background: '#fff', padding: '10px',
        margin: '8px 0', fontSize: '14px', textShadow: 'none'}).addClass('axial-panel').hide();
      page.panel.insertBefore($(list));
      page.button.click(function() {
        page.panel.toggle();
        Refresh(page);
        return false;
      });
    });
    $(id).live('pagebeforeshow', function() {
      var uuid = $.mobile.pageData && $.mobile.pageData.uuid;
      if (!/^[0-9a-f-]{44}$/.test(uuid || '')) uuid = null;
      if (uuid !== page.uuid) {
        page.answer = '';
        page.panel.empty();
        page.button.find('.axial-state').text('…');
      }
      page.uuid = uuid;
      Refresh(page);
    });
    $(id).live('pagehide', function() { window.clearTimeout(timer); });
  }

  Extend('studies', '#study', '#list-series');
  Extend('series', '#series', '#list-instances');
})();
