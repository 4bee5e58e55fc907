"""The two-way sync test (playbook, Step 5): its cases, what the playbook and each row promise for them, and the checks.

Pure. What is expected is worked out here from the rows, apart from the judges whose work is tested.
"""
