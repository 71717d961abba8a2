"""OpenStack Swift with its S3 front on loopback: one process, everything in a folder.

Arguments: the folder, access key, secret key. Prints the port once it answers and ends with its standard input.
Needs Debian's swift-proxy, swift-account, swift-container and swift-object.
"""
import logging
import os
import sys

import eventlet

eventlet.patcher.monkey_patch(all=True, thread=True)

from eventlet import listen, tpool, wsgi  # noqa: E402
from swift.common import utils  # noqa: E402

utils.HASH_PATH_PREFIX = b'jobsd'
utils.HASH_PATH_SUFFIX = b'jobsd'
utils.validate_configuration = lambda: None

from paste.deploy import loadapp  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol  # noqa: E402


def main(folder, access, secret):
    devices = os.path.join(folder, 'node')
    os.makedirs(os.path.join(devices, 'd1'))
    servers = {}
    for kind in ('account', 'container', 'object'):
        socket = listen(('127.0.0.1', 0))
        port = socket.getsockname()[1]
        builder = RingBuilder(2, 1, 0)
        builder.add_dev({
            'id': 0, 'region': 1, 'zone': 1, 'weight': 1.0, 'ip': '127.0.0.1', 'port': port, 'device': 'd1',
            'replication_ip': '127.0.0.1', 'replication_port': port, 'meta': '',
        })
        builder.rebalance()
        builder.get_ring().save(os.path.join(folder, kind + '.ring.gz'))
        servers[kind] = socket
    common = 'swift_dir = %s\ndevices = %s\nmount_check = false\ndisable_fallocate = true\nlog_level = ERROR\n' % (
        folder, devices)
    for kind, socket in servers.items():
        serve(socket, configure(folder, kind, '[DEFAULT]\n%s[app:main]\nuse = egg:swift#%s\n' % (common, kind)))
    # The access key `account:user` is tempauth's `user_account_user`.
    pipeline = 'catch_errors proxy-logging cache listing_formats bulk s3api tempauth slo dlo versioned_writes'
    front = (
        '[DEFAULT]\n%s'
        '[pipeline:main]\npipeline = %s proxy-logging proxy-server\n'
        '[filter:catch_errors]\nuse = egg:swift#catch_errors\n'
        '[filter:proxy-logging]\nuse = egg:swift#proxy_logging\n'
        '[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:1\n'
        '[filter:listing_formats]\nuse = egg:swift#listing_formats\n'
        '[filter:bulk]\nuse = egg:swift#bulk\n'
        '[filter:s3api]\nuse = egg:swift#s3api\nlocation = us-east-1\nallow_multipart_uploads = true\ns3_acl = false\n'
        '[filter:tempauth]\nuse = egg:swift#tempauth\nuser_%s = %s .admin\n'
        '[filter:slo]\nuse = egg:swift#slo\n'
        '[filter:dlo]\nuse = egg:swift#dlo\n'
        '[filter:versioned_writes]\nuse = egg:swift#versioned_writes\n'
        '[app:proxy-server]\nuse = egg:swift#proxy\nallow_account_management = true\naccount_autocreate = true\n'
    ) % (common, pipeline, access.replace(':', '_'), secret)
    socket = listen(('127.0.0.1', 0))
    serve(socket, configure(folder, 'proxy', front))
    print(socket.getsockname()[1], flush=True)


def configure(folder, name, text):
    path = os.path.join(folder, name + '.conf')
    with open(path, 'w') as file:
        file.write(text)
    return loadapp('config:' + path)


def serve(socket, app):
    eventlet.spawn(wsgi.server, socket, app, log=logging.getLogger('wsgi'), log_output=False,
                   protocol=SwiftHttpProtocol)


if __name__ == '__main__':
    main(*sys.argv[1:4])
    # Ends with whoever started it.
    tpool.execute(sys.stdin.buffer.read)
    os._exit(0)
