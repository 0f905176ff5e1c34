'use strict';
// Written by handset for `node --require`: TLS connections to the hosts of the push services lead to
// the embedded ones. Nothing else is touched. It is written anew whenever `handset serve` starts.
(() => {
  const { host, port, hosts, domains } = /* SETTINGS */ {};

  const isPushHost = (name) => {
    if (typeof name !== 'string') return false;
    const plain = name.toLowerCase().replace(/\.$/, '');
    const dot = plain.indexOf('.');
    return hosts.includes(plain) || (dot > 0 && domains.includes(plain.slice(dot + 1)));
  };

  // The forms of tls.connect: (options), (port, host, options), (port, options), each with a listener.
  const readOptions = (given) => {
    const options = {};
    let rest = given;
    if (typeof given[0] === 'number' || typeof given[0] === 'string') {
      options.port = given[0];
      rest = given.slice(1);
      if (typeof rest[0] === 'string') {
        options.host = rest[0];
        rest = rest.slice(1);
      }
    }
    if (rest[0] !== null && typeof rest[0] === 'object') Object.assign(options, rest[0]);
    const listener = given[given.length - 1];
    return { options, listener: typeof listener === 'function' ? [listener] : [] };
  };

  const explain = (error) => {
    if (error && error.code === 'ECONNREFUSED') {
      error.message = `handset serve is not running at ${host}:${port} (${error.message}); start it, or unset NODE_OPTIONS`;
    }
  };

  const redirectTls = () => {
    const tls = require('tls');
    const { errorMonitor } = require('events');
    const connect = tls.connect;
    tls.connect = function handsetConnect(...given) {
      const { options, listener } = readOptions(given);
      // A socket or a path is a way of the caller's own, such as a proxy's tunnel.
      if (options.socket || options.path || !isPushHost(options.host)) {
        return connect.apply(this, given);
      }
      const servername = options.servername || options.host;
      const socket = connect.call(this, { ...options, host, port, servername }, ...listener);
      socket.once(errorMonitor, explain);
      return socket;
    };
  };

  // firebase-admin sends `:scheme: https:`, which strict HTTP/2 servers refuse.
  const mendScheme = () => {
    const http2 = require('http2');
    const connect = http2.connect;
    http2.connect = function handsetConnect(authority, ...more) {
      const session = connect.call(this, authority, ...more);
      let name;
      try {
        name = new URL(String(authority && authority.href ? authority.href : authority)).hostname;
      } catch {
        name = authority && (authority.hostname || authority.host);
      }
      if (!isPushHost(name)) return session;
      const request = session.request;
      session.request = function handsetRequest(headers, ...rest) {
        const mended =
          headers && !Array.isArray(headers) && headers[':scheme'] === 'https:'
            ? { ...headers, ':scheme': 'https' }
            : headers;
        return request.call(this, mended, ...rest);
      };
      return session;
    };
  };

  // A program must start whatever its Node is like.
  for (const step of [redirectTls, mendScheme, () => require('module').syncBuiltinESMExports()]) {
    try {
      step();
    } catch {
      // This Node has no such module.
    }
  }
})();
