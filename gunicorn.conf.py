"""gunicorn reads this file by itself when it starts in the project's folder.

The app is loaded in the master (`preload_app`): a bad environment then ends gunicorn with one sentence,
instead of workers that die and are started again for ever.
"""

from crmhub import environment, logs

bind = f"127.0.0.1:{environment.current().port}"
workers = 2
threads = 2
preload_app = True
control_socket_disable = True
graceful_timeout = 10
timeout = 60
max_requests = 20_000
max_requests_jitter = 2_000
logconfig_dict = logs.for_gunicorn()
